export { type WebGpuOptions, webgpu } from "./webgpu.js";
export type { KernelVariant } from "./wgsl/kernel.js";
