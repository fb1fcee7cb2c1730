import { BackendUnavailableError } from "@convoy/core/backend";
import { adapterRemedy, findGpu } from "#gpu";

/** Finds an adapter. Throws `BackendUnavailableError` with what was tried when there is none. */
export async function requestAdapter(powerPreference: GPUPowerPreference | undefined): Promise<GPUAdapter> {
  const gpu = await findGpu();
  const tried: string[] = [];
  const attempt = async (options: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    tried.push(`requestAdapter(${JSON.stringify(options)})`);
    return await gpu.requestAdapter(options);
  };
  const adapter =
    (await attempt(powerPreference === undefined ? {} : { powerPreference })) ??
    (await attempt({ forceFallbackAdapter: true }));
  if (adapter === null) {
    throw new BackendUnavailableError(`webgpu: no adapter; tried ${tried.join(", then ")}. ${adapterRemedy}`);
  }
  return adapter;
}

/** Names that software adapters give themselves: Chromium's and Dawn's SwiftShader, Mesa's llvmpipe, Windows' WARP. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|warp\b/i;

/** Whether the adapter computes on the CPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const names = [info.vendor, info.architecture, info.device, info.description].join(" ");
  return info.isFallbackAdapter || softwareNames.test(names);
}

/** The adapter in a few words. */
export function adapterName(info: GPUAdapterInfo): string {
  const described = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(" ");
  return described || "unnamed WebGPU adapter";
}

/** Tells kinds of devices apart: what has been measured on one holds for all of its kind. */
export function adapterKind({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [vendor, architecture, device, description].filter(Boolean).join(" ");
}
