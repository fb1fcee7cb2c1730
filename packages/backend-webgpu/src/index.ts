export { type WebGpuAdapter, type WebGpuBackend, type WebGpuDevice, type WebGpuOptions, webgpu } from "./webgpu.js";
export type { KernelStyle, Precision } from "./wgsl/target.js";
