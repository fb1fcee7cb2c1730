import { createRequire } from "node:module";
import { countOf } from "../training/workload.js";
import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { measurePortion } from "./tfjsRuns.js";

/** Not a dependency: it downloads a native library for CUDA 11.2 when it is installed, which only its users want. */
const packageName = "@tensorflow/tfjs-node-gpu";
/** It is a CommonJS package, and shares the other packages' state as one. */
const load: NodeJS.Require = createRequire(import.meta.url);

/** TensorFlow.js on the native library with CUDA, the whole training set once. */
export const tfjsNodeGpu: Peer = {
  async open() {
    const tfjs = await loadTfjs("tensorflow", async () => load(packageName), packageName);
    return {
      async measure(workload, print) {
        const batchSize = Math.min(workload.batchSize, countOf(workload.train));
        const steps = Math.floor(countOf(workload.train) / batchSize);
        print(`tfjs-node-gpu: trains ${steps} steps of ${batchSize} images, evaluates ${countOf(workload.test)}`);
        const portion = { batchSize, steps, testSamples: countOf(workload.test) };
        return measurePortion(tfjs, workload, tfjsDevice(tfjs, "CUDA 11"), portion);
      },
    };
  },
};
