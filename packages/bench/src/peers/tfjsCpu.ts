import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { tfjsRuns } from "./tfjsRuns.js";

/** TensorFlow.js' plain JavaScript backend. */
export const tfjsCpu: Peer = {
  async open(workload) {
    const tfjs = await loadTfjs("cpu", () => import("@tensorflow/tfjs-backend-cpu"));
    return tfjsRuns(tfjs, workload, tfjsDevice(tfjs));
  },
};
