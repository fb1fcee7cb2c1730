import {
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  type DeviceInfo,
  type Executable,
  type FusedName,
  fusedNames,
  type MemoryInfo,
  type OpInstance,
  type Plan,
} from "@convoy/core/backend";
import { CudaBuffer } from "./buffer.js";
import type { CudaDevice } from "./device.js";
import { CudaExecutable } from "./executable.js";
import { formatComputeCapability, formatDriverVersion } from "./images/chooseImage.js";
import { opKernels, supportsOp } from "./kernels/index.js";
import type { Precision } from "./kernels/op.js";

/** The contract over one device. */
export class CudaBackend implements Backend {
  readonly name = "cuda";
  readonly device: DeviceInfo;
  readonly fusions: readonly FusedName[] = fusedNames;
  readonly #device: CudaDevice;
  readonly #precision: Precision;
  readonly #executables = new Set<CudaExecutable>();

  constructor(device: CudaDevice, precision: Precision) {
    const { name, driverVersion, computeCapability, multiprocessors, totalBytes, image } = device.facts;
    this.#device = device;
    this.#precision = precision;
    this.device = {
      name,
      details: {
        precision,
        cuda: formatDriverVersion(driverVersion),
        computeCapability: formatComputeCapability(computeCapability),
        multiprocessors,
        memoryBytes: totalBytes,
        image,
        library: device.driver.path,
      },
    };
  }

  supports(op: OpInstance): true | string {
    return supportsOp(op);
  }

  workspaceBytes(op: OpInstance): number {
    const { multiprocessors } = this.#device.facts;
    return opKernels[op.op].workspaceBytes?.(op, { multiprocessors, precision: this.#precision }) ?? 0;
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    return new CudaBuffer(label, spec, this.#device);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    const executable = new CudaExecutable(plan, buffers, this.#device, this.#precision, (disposed) => {
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

  async dispose(): Promise<void> {
    for (const executable of [...this.#executables]) {
      executable.dispose();
    }
    this.#device.dispose();
  }
}
