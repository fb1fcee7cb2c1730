export { type WebGpuOptions, webgpu } from "./webgpu.js";
export type { KernelStyle } from "./wgsl/kernel.js";
