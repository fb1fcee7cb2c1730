import { jaxJs } from "./jaxJs.js";
import { onnxruntimeNode, onnxruntimeWeb } from "./onnxRuntime.js";
import type { Peer } from "./peer.js";
import { pytorch } from "./pytorch.js";
import { tfjsCpu } from "./tfjsCpu.js";
import { tfjsNode, tfjsNodeGpu } from "./tfjsNode.js";
import { tfjsWasm } from "./tfjsWasm.js";
import { tfjsWebgpu } from "./tfjsWebgpu.js";

/** The peers in the order in which they are listed. */
export const peerNames = [
  "tfjs-wasm",
  "tfjs-cpu",
  "tfjs-webgpu",
  "tfjs-node",
  "tfjs-node-gpu",
  "jax-js",
  "onnxruntime-web",
  "onnxruntime-node",
  "pytorch",
] as const;

export type PeerName = (typeof peerNames)[number];

/** Every peer, by name. A new one is a file beside this one, a name above and a line here. */
export const peers: Readonly<Record<PeerName, Peer>> = {
  "tfjs-wasm": tfjsWasm,
  "tfjs-cpu": tfjsCpu,
  "tfjs-webgpu": tfjsWebgpu,
  "tfjs-node": tfjsNode,
  "tfjs-node-gpu": tfjsNodeGpu,
  "jax-js": jaxJs,
  "onnxruntime-web": onnxruntimeWeb,
  "onnxruntime-node": onnxruntimeNode,
  pytorch,
};
