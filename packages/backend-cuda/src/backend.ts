import {
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  type DeviceInfo,
  type Executable,
  type FusedName,
  fusedKernels,
  type KernelName,
  kernelFor,
  type MemoryInfo,
  missingKernels,
  type OpInstance,
  type Plan,
  type ProcessGroup,
  validatePlan,
} from "@convoy/core/backend";
import type { CudaDevice } from "./device/device.js";
import { formatComputeCapability, formatDriverVersion } from "./device/images/chooseImage.js";
import { kernels } from "./kernels/index.js";
import type { Target } from "./kernels/opKernel.js";
import { supportsOp } from "./kernels/supportsOp.js";
import { CudaBuffer } from "./memory/buffer.js";
import { CudaExecutable, type ExecutableOptions } from "./run/executable.js";
import { countLaunches } from "./run/planLaunches.js";

/** The contract over one device. */
export class CudaBackend implements Backend {
  readonly name = "cuda";
  readonly device: DeviceInfo;
  readonly fusions: readonly FusedName[] = fusedKernels(kernels);
  readonly unsupportedOps: readonly KernelName[] = missingKernels(kernels);
  readonly #device: CudaDevice;
  readonly #options: ExecutableOptions;
  readonly #executables = new Set<CudaExecutable>();

  constructor(device: CudaDevice, options: ExecutableOptions) {
    const { name, driverVersion, computeCapability, multiprocessors, totalBytes, image } = device.facts;
    this.#device = device;
    this.#options = options;
    this.device = {
      name,
      details: {
        precision: options.precision,
        cuda: formatDriverVersion(driverVersion),
        computeCapability: formatComputeCapability(computeCapability),
        multiprocessors,
        memoryBytes: totalBytes,
        image,
        library: device.driver.path,
        debug: options.debug,
      },
    };
  }

  get #target(): Target {
    return { multiprocessors: this.#device.facts.multiprocessors, precision: this.#options.precision };
  }

  supports(op: OpInstance): true | string {
    return supportsOp(op);
  }

  workspaceBytes(op: OpInstance): number {
    return kernelFor(kernels, op.op)?.workspaceBytes?.(op, this.#target) ?? 0;
  }

  launches(plan: Plan): number {
    return countLaunches(plan, this.#target);
  }

  joinGroup(group: ProcessGroup): Promise<boolean> {
    return this.#device.joinGroup(group);
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    return new CudaBuffer(label, spec, this.#device);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    if (this.#options.debug) {
      validatePlan(plan);
    }
    const executable = new CudaExecutable(plan, buffers, this.#device, this.#options, (disposed) => {
      this.#executables.delete(disposed);
    });
    this.#executables.add(executable);
    onProgress?.(plan.ops.length, plan.ops.length);
    return executable;
  }

  synchronize(): Promise<void> {
    return this.#device.finished();
  }

  memory(): MemoryInfo {
    return this.#device.memory;
  }

  availableBytes(): number {
    return this.#device.freeBytes;
  }

  async dispose(): Promise<void> {
    for (const executable of [...this.#executables]) {
      executable.dispose();
    }
    this.#device.dispose();
  }
}
