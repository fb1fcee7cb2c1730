import type { KernelStyle, KernelTarget, PickVariant, Precision } from "../wgsl/target.js";

/** What a user chose of what the device offers. */
export interface KernelChoice {
  readonly style: KernelStyle;
  readonly subgroups: boolean;
  readonly precision: Precision;
  readonly tunes: boolean;
  readonly pickVariant?: PickVariant;
}

/** What kernels are chosen by on a device: of `choice` only what the device has been made with. */
export function kernelTarget({ limits, features, adapterInfo }: GPUDevice, choice: KernelChoice): KernelTarget {
  const { style, subgroups, precision, tunes, pickVariant } = choice;
  // Register kernels are float32.
  const half = style === "tiled" && features.has("shader-f16");
  return {
    style,
    maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    maxBindings: limits.maxStorageBuffersPerShaderStage,
    maxWorkgroupSize: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
    maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
    ...(subgroups && features.has("subgroups")
      ? { subgroupSize: { min: adapterInfo.subgroupMinSize, max: adapterInfo.subgroupMaxSize } }
      : {}),
    precision: half ? precision : "float32",
    tunes,
    ...(pickVariant ? { pickVariant } : {}),
  };
}
