import {
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  type DeviceInfo,
  type Executable,
  type FusedName,
  kernelNames,
  type MemoryInfo,
  type OpInstance,
  type Plan,
  UnsupportedOpError,
} from "@convoy/core/backend";
import { TemplateBuffer } from "./buffer.js";
import { Device } from "./device.js";
import { TemplateExecutable } from "./executable.js";
import { kernels } from "./kernels/index.js";

/** REPLACE: what a user may choose. Every option has a default. */
export interface TemplateOptions {
  /** For tables and messages; default the device's own name. */
  readonly deviceName?: string;
}

/**
 * REPLACE: open your device here. Throw `BackendUnavailableError` where it is not there, saying what was tried and what to
 * install.
 */
export async function template({ deviceName }: TemplateOptions = {}): Promise<Backend> {
  const device = new Device();
  return new TemplateBackend(device, deviceName ?? device.name);
}

class TemplateBackend implements Backend {
  readonly name = "template";
  readonly device: DeviceInfo;
  /** Name a fused op here once it has a kernel; until then plans come without it. */
  readonly fusions: readonly FusedName[] = [];
  readonly #device: Device;

  constructor(device: Device, name: string) {
    this.#device = device;
    this.device = { name, details: { ownKernels: Object.keys(kernels).length, ops: kernelNames.length } };
  }

  /** Once the fallback is gone: whether there is a kernel that takes these shapes and attributes, or the reason why not. */
  supports({ op }: OpInstance): true | string {
    return (kernelNames as readonly string[]).includes(op) || `the template has no kernel ${op}`;
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
    for (const op of plan.ops) {
      if (!(kernelNames as readonly string[]).includes(op.op)) {
        throw new UnsupportedOpError(`template: ${op.op} (${op.label}) is not among the ops of this backend`);
      }
    }
    const executable = new TemplateExecutable(plan, buffers, this.#device);
    onProgress?.(plan.ops.length, plan.ops.length);
    return executable;
  }

  synchronize(): Promise<void> {
    return this.#device.idle();
  }

  memory(): MemoryInfo {
    return this.#device.memory;
  }

  async dispose(): Promise<void> {
    this.#device.dispose();
    await this.#device.idle();
  }
}
