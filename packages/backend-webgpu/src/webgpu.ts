import { ArgumentError, type Backend } from "@convoy/core/backend";
import { WebGpuBackend } from "./backend.js";
import { adapterKind, isSoftware, requestAdapter } from "./device/adapter.js";
import { requestDevice } from "./device/requestDevice.js";
import { Choices } from "./tuning/choices.js";
import type { KernelStyle, Precision } from "./wgsl/kernel.js";

export interface WebGpuOptions {
  /** An adapter to make the device from; default: the one that the browser or Dawn gives. */
  readonly adapter?: GPUAdapter;
  /** A device to run on; default: a new one with all limits that the adapter offers. It is not destroyed by `dispose`. */
  readonly device?: GPUDevice;
  /** Which GPU where there are several; default: the system's choice. */
  readonly powerPreference?: GPUPowerPreference;
  /**
   * Which kernels run; default "registers" on software adapters, "tiled" on GPUs. For comparing them, and for adapters that
   * do not say what they are.
   */
  readonly kernels?: KernelStyle;
  /**
   * Whether kernels may exchange numbers within subgroups where the adapter has the feature; default: on software adapters,
   * where it makes a step twice as fast. With an own `device` it must have been made with "subgroups". `device.details` says
   * whether they are used.
   */
  readonly subgroups?: boolean;
  /**
   * "float16" lets the forward pass multiply in float16, with float32 sums, where the adapter has the feature; default
   * "float32". Gradients stay float32, as many are too small for float16. With an own `device` it must have been made with
   * "shader-f16". `device.details` says what may be used.
   */
  readonly precision?: Precision;
  /**
   * Whether each convolution and dense layer tries its kernels once per shape and device, when it is compiled, and takes the
   * fastest; default false: then the choice depends on the shapes alone, and so do the last bits of the results. Choices
   * are remembered as long as the process or page lives; with `cache` for good: in a file of that path in Node, in an
   * IndexedDB database of that name in browsers.
   */
  readonly autotune?: boolean | { readonly cache: string };
}

/**
 * A backend on WebGPU: in a browser through `navigator.gpu`, in Node through npm's `webgpu` (Dawn). Throws
 * `BackendUnavailableError`, with what was tried and what to install, where there is none, or where the tuning cache cannot be
 * read; `ArgumentError` for an option that is none.
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<Backend> {
  const { precision = "float32", autotune = false } = options;
  if (precision !== "float32" && precision !== "float16") {
    throw new ArgumentError(`webgpu: precision is "${precision}", expected "float32" or "float16"`);
  }
  if (typeof autotune !== "boolean" && !(typeof autotune.cache === "string" && autotune.cache !== "")) {
    throw new ArgumentError(
      `webgpu: autotune is ${JSON.stringify(autotune)}, expected true, false or { cache: "file or database" }`,
    );
  }
  const adapter = options.device ? undefined : (options.adapter ?? (await requestAdapter(options.powerPreference)));
  const info = options.device?.adapterInfo ?? adapter!.info;
  const { subgroups = isSoftware(info), kernels = isSoftware(info) ? "registers" : "tiled" } = options;
  if (typeof subgroups !== "boolean") {
    throw new ArgumentError(`webgpu: subgroups is ${JSON.stringify(subgroups)}, expected true or false`);
  }
  if (kernels !== "registers" && kernels !== "tiled") {
    throw new ArgumentError(`webgpu: kernels is "${kernels}", expected "registers" or "tiled"`);
  }
  const features = [
    ...(subgroups ? ["subgroups" as const] : []),
    ...(precision === "float16" ? ["shader-f16" as const] : []),
  ];
  // First the cache: an adapter gives one device only, which a cache that cannot be read would waste.
  const choices = autotune
    ? await Choices.open(adapterKind(info), autotune === true ? undefined : autotune.cache)
    : undefined;
  const gpu = options.device ?? (await requestDevice(adapter!, features));
  const choice = { style: kernels, subgroups, precision, tunes: autotune !== false };
  return new WebGpuBackend(gpu, { choice, choices, ownsGpu: options.device === undefined });
}
