import { DeviceError } from "@convoy/core/backend";
import { adapterName } from "./adapter.js";

/** Limits that kernels and data sets may want more of than the defaults. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** A device with all limits that the adapter offers, and those of the features. Throws `DeviceError` where it gives none. */
export async function requestDevice(
  adapter: GPUAdapter,
  wantedFeatures: readonly GPUFeatureName[],
): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      label: "convoy",
      requiredFeatures: wantedFeatures.filter((name) => adapter.features.has(name)),
      requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
    });
  } catch (cause) {
    throw new DeviceError(
      `webgpu: ${adapterName(adapter.info)} gives no device: ${(cause as Error).message}. Ask for a fresh adapter: ` +
        "each gives one device only",
      { cause },
    );
  }
}
