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
  type MemoryInfo,
  type OpInstance,
  type Plan,
} from "../backend/index.js";
import { ReferenceBuffer } from "./buffer.js";
import type { ReferenceDevice } from "./device.js";
import { ReferenceExecutable } from "./executable.js";
import { referenceKernels } from "./kernels/index.js";
import { type FloatStorage, HostMemory } from "./memory.js";
import { WorkQueue } from "./workQueue.js";

export interface ReferenceOptions {
  /**
   * How float32 values are kept between ops; default "float32". With "float64" nothing is rounded to single precision:
   * for checking gradients against finite differences. Buffers then read as Float64Array; results stay float32.
   */
  readonly storage?: FloatStorage;
}

/**
 * The backend that every other one is measured against: plain loops in JavaScript on one thread, sums in double
 * precision. It runs wherever JavaScript does.
 */
export async function reference({ storage = "float32" }: ReferenceOptions = {}): Promise<Backend> {
  if (storage !== "float32" && storage !== "float64") {
    throw new ArgumentError(`reference: storage is "${storage}", expected "float32" or "float64"`);
  }
  return new ReferenceBackend(storage);
}

class ReferenceBackend implements Backend {
  readonly name = "reference";
  readonly device: DeviceInfo;
  readonly fusions: readonly FusedName[] = [];
  readonly #device: ReferenceDevice;
  #disposed = false;

  constructor(storage: FloatStorage) {
    this.device = { name: "JavaScript, 1 thread", details: { storage } };
    this.#device = { memory: new HostMemory(storage), queue: new WorkQueue(), owned: new Set() };
  }

  supports({ op, parts }: OpInstance): true | string {
    if (parts !== undefined) {
      return "the reference has no fused kernels, only those of the parts";
    }
    return Object.hasOwn(referenceKernels, op) || `the reference has no kernel for "${op}"`;
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    this.#checkAlive();
    return new ReferenceBuffer(label, spec, this.#device);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    this.#checkAlive();
    const executable = new ReferenceExecutable(plan, buffers, this.#device);
    onProgress?.(plan.ops.length, plan.ops.length);
    return executable;
  }

  synchronize(): Promise<void> {
    return this.#device.queue.drained();
  }

  memory(): MemoryInfo {
    return this.#device.memory.info;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const resource of [...this.#device.owned]) {
      resource.dispose();
    }
    await this.#device.queue.drained();
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("reference: the backend has been disposed; make another with reference()");
    }
  }
}
