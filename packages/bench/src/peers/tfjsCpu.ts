import { countOf } from "../training/workload.js";
import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { measurePortion } from "./tfjsRuns.js";

/** At about half a second a sample, a few small steps are all that anyone waits for. */
const maxBatch = 8;
const steps = 3;
const testSamples = 64;

/** TensorFlow.js' plain JavaScript backend, on a few steps. */
export const tfjsCpu: Peer = {
  async open() {
    const tfjs = await loadTfjs("cpu", () => import("@tensorflow/tfjs-backend-cpu"));
    return {
      async measure(workload, print) {
        const batchSize = Math.min(maxBatch, workload.batchSize, countOf(workload.train));
        print(`tfjs-cpu: trains ${steps} steps of ${batchSize} images, evaluates ${testSamples}`);
        return measurePortion(tfjs, workload, tfjsDevice(tfjs), { batchSize, steps, testSamples });
      },
    };
  },
};
