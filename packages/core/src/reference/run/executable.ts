import {
  bindBuffers,
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
} from "../backend/index.js";
import { ReferenceBuffer } from "./buffer.js";
import type { ReferenceDevice } from "./device.js";
import type { KernelTensor } from "./kernel.js";
import { referenceKernel, runReferenceOp } from "./runOp.js";

/** How long a run keeps the thread before timers and events get their turn. */
const sliceMs = 50;

/** A plan with a typed array for each of its values; a run is a loop over the ops. */
export class ReferenceExecutable implements Executable {
  readonly #plan: Plan;
  readonly #buffers: readonly ReferenceBuffer[];
  readonly #device: ReferenceDevice;
  readonly #tensors: ReadonlyMap<number, KernelTensor>;
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
    this.#plan = plan;
    this.#buffers = [...own.values()];
    this.#device = device;
    this.#tensors = new Map(plan.values.map((value) => [value.id, this.#tensor(value, own)]));
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
    const { ops, results } = this.#plan;
    const reported = new Float32Array(steps.count * results.length);
    this.#checkAlive();
    let sliceStart = performance.now();
    for (let row = 0; row < steps.count; row++) {
      const step = unpackStep(steps, row);
      for (const op of ops) {
        runReferenceOp(op, this.#tensors, step);
        if (performance.now() - sliceStart > sliceMs) {
          await new Promise((resolve) => setTimeout(resolve));
          this.#checkAlive();
          sliceStart = performance.now();
        }
      }
      results.forEach((id, index) => {
        reported[row * results.length + index] = this.#tensors.get(id)!.data[0]!;
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
