import { countOf } from "../training/workload.js";
import { offerWebgpu } from "./offerWebgpu.js";
import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { measurePortion } from "./tfjsRuns.js";

/** On a software adapter a step takes a second or more. */
const steps = 10;
const testSamples = 256;

/** TensorFlow.js' WebGPU backend through Dawn, on some steps. */
export const tfjsWebgpu: Peer = {
  async open() {
    const adapter = await offerWebgpu();
    const tfjs = await loadTfjs("webgpu", () => import("@tensorflow/tfjs-backend-webgpu"));
    return {
      async measure(workload, print) {
        const batchSize = Math.min(workload.batchSize, countOf(workload.train));
        print(`tfjs-webgpu: trains ${steps} steps of ${batchSize} images, evaluates ${testSamples}`);
        return measurePortion(tfjs, workload, tfjsDevice(tfjs, adapter), { batchSize, steps, testSamples });
      },
    };
  },
};
