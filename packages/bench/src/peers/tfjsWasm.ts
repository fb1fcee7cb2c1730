import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { tfjsRuns } from "./tfjsRuns.js";

/** TensorFlow.js' WASM backend. It lacks the kernels of training: the row quotes what it says when it is asked to train. */
export const tfjsWasm: Peer = {
  async open(workload) {
    const tfjs = await loadTfjs("wasm", () => import("@tensorflow/tfjs-backend-wasm"));
    return tfjsRuns(tfjs, workload, tfjsDevice(tfjs));
  },
};
