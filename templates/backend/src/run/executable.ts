import {
  type Attributes,
  bindBuffers,
  type DeviceBuffer,
  DeviceError,
  type Executable,
  type KernelName,
  type Plan,
  PlanError,
  type PlanOp,
  type PlanValue,
  type StepTable,
  type StepValues,
  UnsupportedOpError,
  unpackStep,
} from "@convoy/core/backend";
import { TemplateBuffer } from "./buffer.js";
import type { Device } from "./device.js";
import { runOnHost } from "./hostFallback.js";
import type { DeviceTensor, Kernel } from "./kernel.js";
import { kernels } from "./kernels/index.js";

/** Runs one op of the plan in one step. */
type Launch = (step: StepValues) => void | Promise<void>;

/**
 * A plan bound to buffers.
 *
 * REPLACE `#run` when the kernels are yours: it returns to JavaScript after every op, and waits for every result. A fast
 * backend records the whole step once, hands the device the step table, and reads the results back at the end of the run.
 */
export class TemplateExecutable implements Executable {
  readonly #plan: Plan;
  readonly #buffers: ReadonlyMap<string, TemplateBuffer>;
  readonly #device: Device;
  readonly #tensors: ReadonlyMap<number, DeviceTensor>;
  readonly #launches: readonly Launch[];
  #disposed = false;

  /** Throws `PlanError` for a missing buffer and `UnsupportedOpError` for an op that does not exist. */
  constructor(plan: Plan, buffers: Readonly<Record<string, DeviceBuffer>>, device: Device) {
    this.#plan = plan;
    this.#device = device;
    const isOwn = (buffer: DeviceBuffer): buffer is TemplateBuffer => buffer instanceof TemplateBuffer;
    this.#buffers = bindBuffers("template", plan, buffers, isOwn);
    this.#tensors = new Map(plan.values.map((value) => [value.id, this.#tensor(value)]));
    this.#launches = plan.ops.map((op) => this.#prepare(op));
  }

  async run(steps: StepTable): Promise<Float32Array> {
    // A copy: the caller may change the table as soon as this returns.
    const table = { count: steps.count, bytes: steps.bytes.slice() };
    return await this.#device.enqueue(() => this.#run(table));
  }

  /** REPLACE: free what was recorded. Buffers are the caller's. */
  dispose(): void {
    this.#disposed = true;
  }

  async #run(steps: StepTable): Promise<Float32Array> {
    const { results } = this.#plan;
    const reported = new Float32Array(steps.count * results.length);
    for (let row = 0; row < steps.count; row++) {
      const step = unpackStep(steps, row);
      for (const launch of this.#launches) {
        this.#checkAlive();
        await launch(step);
      }
      for (const [index, id] of results.entries()) {
        const { memory, byteOffset } = this.#tensors.get(id)!;
        const [result] = new Float32Array(await this.#device.download(memory, byteOffset, 4));
        reported[row * results.length + index] = result!;
      }
    }
    this.#checkAlive();
    return reported;
  }

  /** What can be done once is done here, so that nothing is looked up in a step. */
  #prepare(op: PlanOp): Launch {
    if (op.parts !== undefined) {
      throw new UnsupportedOpError(`template: there is no fused kernel ${op.op}, and "fusions" names none`);
    }
    const kernel = kernels[op.op as KernelName] as Kernel<Attributes> | undefined;
    if (kernel === undefined) {
      return (step) => runOnHost(op, this.#tensors, step, this.#device);
    }
    const inputs = op.inputs.map((id) => this.#tensors.get(id)!);
    const outputs = op.outputs.map((id) => this.#tensors.get(id)!);
    return (step) => kernel({ inputs, outputs, attributes: op.attributes, step });
  }

  #tensor({ label, shape, dtype, buffer, byteOffset }: PlanValue): DeviceTensor {
    const found = this.#buffers.get(buffer ?? "");
    if (found === undefined) {
      throw new PlanError(`template: value ${label} has no memory, which only values inside fused ops may do`);
    }
    return { shape, dtype, memory: found.memory, byteOffset };
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("template: the executable has been disposed");
    }
    this.#device.checkAlive();
    for (const buffer of this.#buffers.values()) {
      // Throws where the caller has disposed of it.
      void buffer.memory;
    }
  }
}
