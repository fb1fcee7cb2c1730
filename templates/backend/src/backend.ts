import {
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  type DeviceInfo,
  type Executable,
  type FusedName,
  fusedKernels,
  kernelNames,
  type MemoryInfo,
  missingKernels,
  noKernel,
  type OpInstance,
  type Plan,
} from "@convoy/core/backend";
import type { Device } from "./device/device.js";
import { kernels } from "./kernels/index.js";
import { TemplateBuffer } from "./memory/buffer.js";
import { TemplateExecutable } from "./run/executable.js";

/** The contract over one device. */
export class TemplateBackend implements Backend {
  readonly name = "template";
  readonly device: DeviceInfo;
  /** The fused ops in the table of kernels; plans come without the others. */
  readonly fusions: readonly FusedName[] = fusedKernels(kernels);
  readonly #device: Device;

  constructor(device: Device, name: string) {
    this.#device = device;
    const own = kernelNames.length - missingKernels(kernels).length;
    this.device = { name, details: { ownKernels: own, ops: kernelNames.length } };
  }

  /**
   * REPLACE once the fallback is gone: `kernelFor(kernels, op.op) !== undefined || noKernel("template", op.op)`, and
   * `readonly unsupportedOps = missingKernels(kernels)` above. Whatever else your kernels cannot do, say here, with the reason.
   */
  supports({ op, parts }: OpInstance): true | string {
    return (parts ? this.fusions : kernelNames).some((name) => name === op) || noKernel("template", op);
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    return new TemplateBuffer(label, spec, this.#device);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    this.#device.checkAlive();
    const executable = new TemplateExecutable(plan, buffers, this.#device, (op) => this.supports(op));
    onProgress?.(plan.ops.length, plan.ops.length);
    return executable;
  }

  synchronize(): Promise<void> {
    return this.#device.queue.settled();
  }

  memory(): MemoryInfo {
    return this.#device.count.info;
  }

  async dispose(): Promise<void> {
    this.#device.dispose();
    await this.#device.queue.settled();
  }
}
