import { BackendUnavailableError } from "@convoy/core";
import { countOf } from "../training/workload.js";
import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { measurePortion } from "./tfjsRuns.js";

/** On a software adapter a step takes a second or more. */
const steps = 10;
const testSamples = 256;

/** Kept alive: once Dawn's object is collected, the process crashes even while a device is in use. */
let dawn: GPU | undefined;

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

/** Gives TensorFlow.js the `navigator.gpu` that it looks for, and returns the adapter's name. */
async function offerWebgpu(): Promise<string> {
  if (dawn === undefined) {
    try {
      const { create, globals } = await import("webgpu");
      Object.assign(globalThis, globals);
      dawn = create([]);
    } catch (error) {
      throw new BackendUnavailableError(`WebGPU is not there: npm install webgpu (${(error as Error).message})`);
    }
    Object.defineProperty(globalThis, "navigator", { value: { gpu: dawn, userAgent: "Node" }, configurable: true });
  }
  const adapter = await dawn.requestAdapter();
  if (adapter === null) {
    throw new BackendUnavailableError("WebGPU finds no adapter; install a Vulkan driver");
  }
  return adapter.info.description || adapter.info.device || adapter.info.vendor;
}
