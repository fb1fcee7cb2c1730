import { formatCount } from "../report/numbers.js";
import { nothingMeasured } from "../report/result.js";
import { countOf, firstImages } from "../training/workload.js";
import type { Peer } from "./peer.js";
import { buildTfjsModel, loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { evaluateTfjs, trainTfjs } from "./tfjsRuns.js";

/** TensorFlow.js' WASM backend. It lacks the kernels of training: the row quotes what it says when it is asked to train. */
export const tfjsWasm: Peer = {
  async open() {
    const tfjs = await loadTfjs("wasm", () => import("@tensorflow/tfjs-backend-wasm"));
    return {
      async measure(workload, print) {
        const { train, test, batchSize } = workload;
        print(`tfjs-wasm: evaluates ${formatCount(countOf(test))} images`);
        const model = buildTfjsModel(tfjs, workload);
        const device = tfjsDevice(tfjs);
        try {
          const evaluation = await evaluateTfjs(tfjs, model, test, countOf(test), batchSize);
          const measured = { ...nothingMeasured, device, ...evaluation };
          try {
            const step = firstImages(train, batchSize);
            const training = await trainTfjs(tfjs, model, step, countOf(step));
            return { ...measured, ...training, epochs: 1, trainSamples: countOf(step) };
          } catch (error) {
            const reason = `training: ${error instanceof Error ? error.message : error}`;
            return { ...measured, testAccuracy: null, reason };
          }
        } finally {
          model.dispose();
        }
      },
    };
  },
};
