import {
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  DeviceError,
  type DeviceInfo,
  type Executable,
  type FusedName,
  type InPlacePair,
  type MemoryInfo,
  noKernel,
  type OpInstance,
  type Plan,
  WorkQueue,
} from "../backend/index.js";
import type { ReferenceDevice } from "./device/device.js";
import { kernels } from "./kernels/index.js";
import { ReferenceBuffer } from "./memory/buffer.js";
import { type FloatStorage, HostMemory } from "./memory/hostMemory.js";
import { ReferenceExecutable } from "./run/executable.js";

/** Ops whose kernels read each number of the first input before they write the same number of the output, and not again. */
const elementwise: ReadonlySet<OpInstance["op"]> = new Set([
  ...([
    "biasAdd",
    "unary",
    "unaryBackward",
    "affine",
    "add",
    "multiply",
    "maximum",
    "dropout",
    "channelDropout",
  ] as const),
  ...(["gaussianNoise", "gaussianDropout", "normalize", "normalizeBackwardInput", "batchNormBackwardInput"] as const),
]);

/** The contract over host memory. */
export class ReferenceBackend implements Backend {
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
    return Object.hasOwn(kernels, op) || noKernel("reference", op);
  }

  inPlace({ op }: OpInstance): readonly InPlacePair[] {
    return elementwise.has(op) ? [{ input: 0, output: 0 }] : [];
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
    return this.#device.queue.settled();
  }

  memory(): MemoryInfo {
    return this.#device.memory.info;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const resource of [...this.#device.owned]) {
      resource.dispose();
    }
    await this.#device.queue.settled();
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("reference: the backend has been disposed; make another with reference()");
    }
  }
}
