import { createRequire } from "node:module";
import type { Peer } from "./peer.js";
import { loadTfjs, tfjsDevice } from "./tfjsLibrary.js";
import { tfjsRuns } from "./tfjsRuns.js";

/** They are CommonJS packages, and share the other packages' state as such. */
const load: NodeJS.Require = createRequire(import.meta.url);

/** No dependencies: they download a native library when they are installed, which only their users want. */
function nativePeer(packageName: string, where: string): Peer {
  return {
    async open(workload) {
      const tfjs = await loadTfjs("tensorflow", async () => load(packageName), packageName);
      return tfjsRuns(tfjs, workload, tfjsDevice(tfjs, where));
    },
  };
}

/** TensorFlow.js on the native library, on the processor. */
export const tfjsNode: Peer = nativePeer("@tensorflow/tfjs-node", "native library, all cores");

/** TensorFlow.js on the native library with CUDA. */
export const tfjsNodeGpu: Peer = nativePeer("@tensorflow/tfjs-node-gpu", "CUDA 11");
