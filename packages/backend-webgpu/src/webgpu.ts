import { ArgumentError, type Backend, type Plan } from "@convoy/core/backend";
import { WebGpuBackend as BackendOnDevice } from "./backend.js";
import { adapterKind, isSoftware, requestAdapter } from "./device/adapter.js";
import { requestDevice } from "./device/requestDevice.js";
import { Choices } from "./tuning/choices.js";
import type { KernelStyle, PickVariant, Precision } from "./wgsl/target.js";

/** A `GPUAdapter`: by some of its members, so that using this package takes no declarations of WebGPU's types. */
export interface WebGpuAdapter {
  readonly features: object;
  readonly limits: object;
  /** Gives a device, as WebGPU does. */
  requestDevice(): Promise<object>;
}

/** A `GPUDevice`, by some of its members. */
export interface WebGpuDevice {
  readonly features: object;
  readonly limits: object;
  readonly queue: object;
  /** Frees the device, as WebGPU does. */
  destroy(): void;
}

/** Settings of `webgpu`. */
export interface WebGpuOptions {
  /** A `GPUAdapter` to make the device from; default: the one that the browser or Dawn gives. */
  readonly adapter?: WebGpuAdapter;
  /**
   * A `GPUDevice` to run on; default: a new one with all limits that the adapter offers. It is not destroyed by `dispose`.
   */
  readonly device?: WebGpuDevice;
  /** Which GPU where there are several; default: the system's choice. */
  readonly powerPreference?: "low-power" | "high-performance";
  /**
   * Which kernels run; default "registers" on software adapters, "tiled" on GPUs. For comparing them, and for adapters that
   * do not say what they are.
   */
  readonly kernels?: KernelStyle;
  /**
   * Whether kernels may exchange numbers within subgroups where the adapter has the feature; default: on software adapters,
   * where it makes a step twice as fast. A `device` of your own must have been made with "subgroups". `device.details` says
   * whether they are used.
   */
  readonly subgroups?: boolean;
  /**
   * "float16" lets the forward pass multiply in float16, with float32 sums, where the adapter has the feature; default
   * "float32". Gradients stay float32, as many are too small for float16. A `device` of your own must have been made with
   * "shader-f16". `device.details` says what may be used.
   */
  readonly precision?: Precision;
  /**
   * Whether each convolution and dense layer times its kernels once per shape and device, when it is compiled, and takes the
   * fastest; default false: then the choice depends on the shapes alone, and so do the last bits of the results. Choices
   * are remembered as long as the process or page lives; with `cache` for good: in a file of that path in Node, in an
   * IndexedDB database of that name in browsers.
   */
  readonly autotune?: boolean | { readonly cache: string };
  /**
   * Default false. True validates every plan and runs the dispatches of a step one by one, many times slower, so that the
   * error of one that fails names its op, layer and kernel. The results have the same bits.
   */
  readonly debug?: boolean;
}

/** The backend, with what it offers beyond the contract. */
export interface WebGpuBackend extends Backend {
  /**
   * What a plan becomes here, as a table: the dispatches of a step with their kernels, workgroups and bindings, by op and
   * layer. For a plan of a compiled model: `console.log(backend.formatProgram(model.plan()))`.
   */
  formatProgram(plan: Plan): string;
}

/** What tests may ask for beside a user's options. */
export interface TestOptions {
  /** Takes one of all variants of a kernel, in place of the estimate and of tuning. */
  readonly pickVariant?: PickVariant;
}

/**
 * A backend on WebGPU: in a browser through `navigator.gpu`, in Node through npm's `webgpu` (Dawn). Throws
 * `BackendUnavailableError`, saying what was tried and what to install, where WebGPU or an adapter is missing or the tuning
 * cache cannot be read; `ArgumentError` for an option with a value that it does not take.
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  return await openBackend(options);
}

/** `webgpu` with options for tests. */
export async function openBackend(options: WebGpuOptions = {}, testing: TestOptions = {}): Promise<WebGpuBackend> {
  const { precision = "float32", autotune = false, debug = false } = options;
  // Types of WebGPU are for the inside.
  const ownDevice = options.device as GPUDevice | undefined;
  const ownAdapter = options.adapter as GPUAdapter | undefined;
  expectOneOf("precision", precision, ["float32", "float16"]);
  if (typeof autotune !== "boolean" && !(typeof autotune.cache === "string" && autotune.cache !== "")) {
    throw new ArgumentError(
      `webgpu: autotune is ${JSON.stringify(autotune)}, expected true, false or { cache: "file or database" }`,
    );
  }
  expectBoolean("debug", debug);
  const adapter = ownDevice ? undefined : (ownAdapter ?? (await requestAdapter(options.powerPreference)));
  const info = ownDevice?.adapterInfo ?? adapter!.info;
  const { subgroups = isSoftware(info), kernels = isSoftware(info) ? "registers" : "tiled" } = options;
  expectBoolean("subgroups", subgroups);
  expectOneOf("kernels", kernels, ["registers", "tiled"]);
  const features = [
    ...(subgroups ? ["subgroups" as const] : []),
    ...(precision === "float16" ? ["shader-f16" as const] : []),
  ];
  // First the cache: an adapter gives one device only, which a cache that cannot be read would waste.
  const choices = autotune
    ? await Choices.open(adapterKind(info), autotune === true ? undefined : autotune.cache)
    : undefined;
  const gpu = ownDevice ?? (await requestDevice(adapter!, features));
  const choice = { style: kernels, subgroups, precision, tunes: autotune !== false, ...testing };
  return new BackendOnDevice(gpu, { choice, choices, ownsGpu: ownDevice === undefined, debug });
}

function expectOneOf(option: string, value: string, expected: readonly [string, string]): void {
  if (!expected.includes(value)) {
    throw new ArgumentError(`webgpu: ${option} is "${value}", expected "${expected[0]}" or "${expected[1]}"`);
  }
}

function expectBoolean(option: string, value: unknown): void {
  if (typeof value !== "boolean") {
    throw new ArgumentError(`webgpu: ${option} is ${JSON.stringify(value)}, expected true or false`);
  }
}
