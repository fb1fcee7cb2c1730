import {
  ArgumentError,
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  DeviceError,
  type DeviceInfo,
  type Executable,
  type FusedName,
  fusedNames,
  type MemoryInfo,
  type OpInstance,
  type Plan,
} from "@convoy/core/backend";
import { adapterName, isSoftware, type KernelVariant, requestAdapter } from "./device/adapter.js";
import { fitsBindings } from "./device/bindingLimits.js";
import { Device } from "./device/device.js";
import { kernels } from "./kernels/index.js";
import { WebGpuBuffer } from "./memory/buffer.js";
import { WebGpuExecutable } from "./run/executable.js";
import { kernelOf, planDispatches } from "./run/planDispatches.js";
import { Choices } from "./tuning/choices.js";
import type { Precision } from "./wgsl/kernel.js";

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
  readonly kernels?: KernelVariant;
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
    ? await Choices.open(deviceKey(info), autotune === true ? undefined : autotune.cache)
    : undefined;
  const gpu = options.device ?? (await requestDevice(adapter!, features));
  return new WebGpuBackend(
    new Device(gpu, { variant: kernels, subgroups, precision }, choices),
    options.device === undefined,
  );
}

/** Tells kinds of devices apart. */
function deviceKey({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [vendor, architecture, device, description].filter(Boolean).join(" ");
}

/** Limits that kernels and data sets may want more of than the defaults. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

async function requestDevice(adapter: GPUAdapter, wantedFeatures: readonly GPUFeatureName[]): Promise<GPUDevice> {
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

class WebGpuBackend implements Backend {
  readonly name = "webgpu";
  readonly device: DeviceInfo;
  readonly fusions: readonly FusedName[] = fusedNames.filter((name) => Object.hasOwn(kernels, name));
  readonly #device: Device;
  readonly #ownsGpu: boolean;
  #disposed = false;

  constructor(device: Device, ownsGpu: boolean) {
    this.#device = device;
    this.#ownsGpu = ownsGpu;
    const { adapterInfo, limits } = device.gpu;
    const software = isSoftware(adapterInfo);
    this.device = {
      name: adapterName(adapterInfo),
      details: {
        vendor: adapterInfo.vendor,
        architecture: adapterInfo.architecture,
        software,
        kernels: device.variant,
        subgroups: device.subgroupSize !== undefined,
        precision: device.precision,
        autotune: device.tuner !== undefined,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxBufferSize: limits.maxBufferSize,
      },
    };
  }

  supports(op: OpInstance): true | string {
    const kernel = kernelOf(op.op);
    if (kernel === undefined) {
      return `the WebGPU backend has no kernel for "${op.op}"`;
    }
    const fits = fitsBindings(op, {
      maxBindingBytes: this.#device.maxBindingBytes,
      maxBindings: this.#device.gpu.limits.maxStorageBuffersPerShaderStage,
    });
    return fits === true ? (kernel.supports?.(op, this.#device) ?? true) : fits;
  }

  workspaceBytes(op: OpInstance): number {
    return kernelOf(op.op)?.workspaceBytes?.(op, this.#device) ?? 0;
  }

  launches(plan: Plan): number {
    return planDispatches(plan, this.#device).length;
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    this.#device.checkAlive();
    return new WebGpuBuffer(label, spec, this.#device);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    this.#device.checkAlive();
    return await WebGpuExecutable.compile(plan, buffers, this.#device, onProgress);
  }

  async synchronize(): Promise<void> {
    if (this.#device.failure === undefined) {
      await this.#device.gpu.queue.onSubmittedWorkDone();
    }
  }

  memory(): MemoryInfo {
    return this.#device.memory.info;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    this.#device.fail(new DeviceError("webgpu: the backend has been disposed; make another with webgpu()"));
    for (const resource of [...this.#device.owned]) {
      resource.dispose();
    }
    this.#device.steps.dispose();
    if (this.#ownsGpu) {
      this.#device.gpu.destroy();
      await this.#device.gpu.lost;
    }
  }
}
