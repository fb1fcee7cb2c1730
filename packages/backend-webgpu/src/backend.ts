import {
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  DeviceError,
  type DeviceInfo,
  type Executable,
  type FusedName,
  fusedKernels,
  type KernelName,
  type MemoryInfo,
  missingKernels,
  noKernel,
  type OpInstance,
  type Plan,
  validatePlan,
} from "@convoy/core/backend";
import { adapterName, isSoftware } from "./device/adapter.js";
import { fitsBindings } from "./device/bindingLimits.js";
import { Device } from "./device/device.js";
import { type KernelChoice, kernelTarget } from "./device/kernelTarget.js";
import { kernels } from "./kernels/index.js";
import { WebGpuBuffer } from "./memory/buffer.js";
import { WebGpuExecutable } from "./run/executable.js";
import { formatProgram } from "./run/formatProgram.js";
import { Pipelines } from "./run/pipelines.js";
import { kernelOf, planDispatches } from "./run/planDispatches.js";
import { buildProgram } from "./run/program.js";
import type { Runtime } from "./run/runtime.js";
import { StepRows } from "./run/stepRows.js";
import type { Choices } from "./tuning/choices.js";
import { Tuner } from "./tuning/tuner.js";

/** How a backend uses its device. */
export interface BackendSettings {
  readonly choice: KernelChoice;
  /** What tuning remembers; undefined where nothing is tuned. */
  readonly choices: Choices | undefined;
  /** Whether `dispose` destroys the device. */
  readonly ownsGpu: boolean;
  /** Whether plans are validated and dispatches run one by one. */
  readonly debug: boolean;
}

export class WebGpuBackend implements Backend {
  readonly name = "webgpu";
  readonly device: DeviceInfo;
  readonly fusions: readonly FusedName[] = fusedKernels(kernels);
  readonly unsupportedOps: readonly KernelName[] = missingKernels(kernels);
  readonly #runtime: Runtime;
  readonly #ownsGpu: boolean;
  #disposed = false;

  constructor(gpu: GPUDevice, { choice, choices, ownsGpu, debug }: BackendSettings) {
    const device = new Device(gpu, { debug });
    const target = kernelTarget(gpu, choice);
    const pipelines = new Pipelines(gpu);
    this.#runtime = {
      device,
      target,
      pipelines,
      steps: new StepRows(device, pipelines.stepLayout),
      selector: choices && new Tuner(device, pipelines, choices),
      selected: new WeakMap(),
    };
    this.#ownsGpu = ownsGpu;
    const { adapterInfo, limits } = gpu;
    this.device = {
      name: adapterName(adapterInfo),
      details: {
        vendor: adapterInfo.vendor,
        architecture: adapterInfo.architecture,
        software: isSoftware(adapterInfo),
        kernels: target.style,
        subgroups: target.subgroupSize !== undefined,
        precision: target.precision,
        autotune: target.tunes,
        debug,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxBufferSize: limits.maxBufferSize,
      },
    };
  }

  supports(op: OpInstance): true | string {
    const { target } = this.#runtime;
    const kernel = kernelOf(op.op);
    if (kernel === undefined) {
      return noKernel("webgpu", op.op);
    }
    const fits = fitsBindings(op, target);
    return fits === true ? (kernel.supports?.(op, target) ?? true) : fits;
  }

  workspaceBytes(op: OpInstance): number {
    return kernelOf(op.op)?.workspaceBytes?.(op, this.#runtime.target) ?? 0;
  }

  launches(plan: Plan): number {
    return planDispatches(plan, this.#runtime.target).length;
  }

  formatProgram(plan: Plan): string {
    return formatProgram(plan, this.#runtime);
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    this.#runtime.device.checkAlive();
    return new WebGpuBuffer(label, spec, this.#runtime.device);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    const { device } = this.#runtime;
    device.checkAlive();
    if (device.debug) {
      validatePlan(plan);
    }
    return new WebGpuExecutable(await buildProgram(plan, buffers, this.#runtime, onProgress), this.#runtime);
  }

  async synchronize(): Promise<void> {
    await this.#runtime.device.order?.settled();
    if (this.#runtime.device.failure === undefined) {
      await this.#runtime.device.gpu.queue.onSubmittedWorkDone();
    }
  }

  memory(): MemoryInfo {
    return this.#runtime.device.memory.info;
  }

  /** WebGPU does not tell how much memory is free; what a buffer may have is known. */
  availableBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#runtime.device.gpu.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    this.#runtime.device.fail(new DeviceError("webgpu: the backend has been disposed; make another with webgpu()"));
    for (const resource of [...this.#runtime.device.owned]) {
      resource.dispose();
    }
    this.#runtime.steps.dispose();
    if (this.#ownsGpu) {
      this.#runtime.device.gpu.destroy();
      await this.#runtime.device.gpu.lost;
    }
  }
}
