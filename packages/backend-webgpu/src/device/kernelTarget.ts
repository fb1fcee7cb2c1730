import type { KernelTarget, KernelVariant, Precision } from "../wgsl/kernel.js";

/** What a user chose of what the device offers. */
export interface KernelChoice {
  readonly variant: KernelVariant;
  readonly subgroups: boolean;
  readonly precision: Precision;
  readonly tunes: boolean;
}

/** What kernels are chosen by on a device: of `choice` only what the device has been made with. */
export function kernelTarget({ limits, features, adapterInfo }: GPUDevice, choice: KernelChoice): KernelTarget {
  const { variant, subgroups, precision, tunes } = choice;
  // Register kernels are float32.
  const half = variant === "tiled" && features.has("shader-f16");
  return {
    variant,
    maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    maxWorkgroupSize: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
    maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
    ...(subgroups && features.has("subgroups")
      ? { subgroupSize: { smallest: adapterInfo.subgroupMinSize, largest: adapterInfo.subgroupMaxSize } }
      : {}),
    precision: half ? precision : "float32",
    tunes,
  };
}
