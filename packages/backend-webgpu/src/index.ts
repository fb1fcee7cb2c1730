export type { KernelVariant } from "./adapter.js";
export { type WebGpuOptions, webgpu } from "./webgpu.js";
