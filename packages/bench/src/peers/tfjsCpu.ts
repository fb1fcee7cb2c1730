import { nothingMeasured } from "../report/result.js";
import { countOf, firstImages } from "../training/workload.js";
import type { Peer } from "./peer.js";
import { buildTfjsModel, loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { evaluateTfjs, trainTfjs } from "./tfjsRuns.js";

/** At about half a second a sample, a few small steps are all that anyone waits for. */
const mostBatch = 8;
const steps = 3;
const testSamples = 64;

/** TensorFlow.js' plain JavaScript backend, on a few steps. */
export const tfjsCpu: Peer = {
  async open() {
    const tfjs = await loadTfjs("cpu", () => import("@tensorflow/tfjs-backend-cpu"));
    return {
      async measure(workload, print) {
        const batchSize = Math.min(mostBatch, workload.batchSize, countOf(workload.train));
        const train = firstImages(workload.train, steps * batchSize);
        print(`tfjs-cpu: trains ${countOf(train)} images, evaluates ${testSamples}`);
        const model = buildTfjsModel(tfjs, workload);
        try {
          const training = await trainTfjs(tfjs, model, train, batchSize);
          const evaluation = await evaluateTfjs(tfjs, model, workload.test, testSamples, batchSize);
          return {
            ...nothingMeasured,
            device: tfjsDevice(tfjs),
            ...training,
            ...evaluation,
            // After so few steps, on so few images, it would say nothing.
            testAccuracy: null,
            epochs: 1,
            batchSize,
            trainSamples: countOf(train),
          };
        } finally {
          model.dispose();
        }
      },
    };
  },
};
