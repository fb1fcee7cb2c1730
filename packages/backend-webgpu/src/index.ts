export type { KernelVariant } from "./device/adapter.js";
export { type WebGpuOptions, webgpu } from "./webgpu.js";
