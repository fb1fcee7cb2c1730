import { offerWebgpu } from "./offerWebgpu.js";
import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { tfjsRuns } from "./tfjsRuns.js";

/** TensorFlow.js' WebGPU backend through Dawn. */
export const tfjsWebgpu: Peer = {
  async open(workload) {
    const adapter = await offerWebgpu();
    const tfjs = await loadTfjs("webgpu", () => import("@tensorflow/tfjs-backend-webgpu"));
    return tfjsRuns(tfjs, workload, tfjsDevice(tfjs, adapter));
  },
};
