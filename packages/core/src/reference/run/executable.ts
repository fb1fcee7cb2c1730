import {
  type BoundOp,
  bindBuffers,
  bindPlan,
  bytesOf,
  type DeviceBuffer,
  DeviceError,
  type Executable,
  type Plan,
  type PlanOp,
  type PlanValue,
  type StepTable,
  sizeOf,
  unpackStep,
  validatePlan,
} from "../../backend/index.js";
import type { ReferenceDevice } from "../device/device.js";
import type { KernelTensor } from "../kernels/kernel.js";
import { ReferenceBuffer } from "../memory/buffer.js";
import { referenceKernel, runReferenceOp } from "./runOp.js";

/** How long a run keeps the thread before timers and events get their turn. */
const sliceMs = 50;

/** A plan with a typed array for each of its values; a run is a loop over the ops. */
export class ReferenceExecutable implements Executable {
  readonly #ops: readonly BoundOp<KernelTensor>[];
  /** What every step reports. */
  readonly #results: readonly KernelTensor[];
  readonly #buffers: readonly ReferenceBuffer[];
  readonly #device: ReferenceDevice;
  /** Memory of the values that the plan gives none: those inside fused ops. */
  readonly #temporaries: ArrayBuffer[] = [];
  #disposed = false;

  /** Throws `PlanError` where plan or buffers are not in order, `UnsupportedOpError` for an op that does not exist. */
  constructor(plan: Plan, buffers: Readonly<Record<string, DeviceBuffer>>, device: ReferenceDevice) {
    plan.ops.forEach(checkOp);
    validatePlan(plan);
    const isOwn = (buffer: DeviceBuffer): buffer is ReferenceBuffer =>
      buffer instanceof ReferenceBuffer && buffer.isOn(device);
    const own = bindBuffers("reference", plan, buffers, isOwn);
    this.#buffers = [...own.values()];
    this.#device = device;
    const { ops, tensors } = bindPlan("reference", plan, (value) => this.#tensor(value, own));
    this.#ops = ops;
    this.#results = plan.results.map((id) => tensors.get(id)!);
    device.owned.add(this);
  }

  async run(steps: StepTable): Promise<Float32Array> {
    // The caller may reuse the table as soon as this returns.
    const table: StepTable = { count: steps.count, bytes: steps.bytes.slice() };
    return await this.#device.queue.add(() => this.#run(table));
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#device.owned.delete(this);
      for (const memory of this.#temporaries) {
        this.#device.memory.release(memory);
      }
    }
  }

  async #run(steps: StepTable): Promise<Float32Array> {
    const reported = new Float32Array(steps.count * this.#results.length);
    this.#checkAlive();
    let sliceStart = performance.now();
    for (let row = 0; row < steps.count; row++) {
      const step = unpackStep(steps, row);
      for (const op of this.#ops) {
        runReferenceOp(op, step);
        if (performance.now() - sliceStart > sliceMs) {
          await new Promise((resolve) => setTimeout(resolve));
          this.#checkAlive();
          sliceStart = performance.now();
        }
      }
      this.#results.forEach(({ data }, index) => {
        reported[row * this.#results.length + index] = data[0]!;
      });
    }
    return reported;
  }

  #tensor(
    { id, label, shape, dtype, buffer, byteOffset }: PlanValue,
    buffers: ReadonlyMap<string, ReferenceBuffer>,
  ): KernelTensor {
    let memory = buffers.get(buffer ?? "")?.memory;
    if (memory === undefined) {
      memory = this.#device.memory.allocate(`value ${id}, ${label}`, bytesOf({ shape, dtype }));
      this.#temporaries.push(memory);
    }
    // Only float32 elements and the arena, which holds them, are stretched by float64 storage.
    const stretched = buffer === "arena" || dtype === "float32";
    const at = stretched ? byteOffset : byteOffset / this.#device.memory.stretch;
    return { shape, dtype, data: this.#device.memory.view(memory, dtype, at, sizeOf(shape)) };
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("reference: the executable or its backend has been disposed");
    }
    for (const buffer of this.#buffers) {
      void buffer.memory;
    }
  }
}

function checkOp(op: PlanOp): void {
  if (op.parts === undefined) {
    referenceKernel(op);
  } else {
    op.parts.forEach(checkOp);
  }
}
