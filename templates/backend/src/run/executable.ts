import {
  type Attributes,
  type BoundOp,
  bindBuffers,
  bindPlan,
  type DeviceBuffer,
  DeviceError,
  type Executable,
  expectSupported,
  kernelFor,
  type OpInstance,
  type Plan,
  type PlanValue,
  type StepTable,
  type StepValues,
  unpackStep,
} from "@convoy/core/backend";
import type { Device } from "../device/device.js";
import { kernels } from "../kernels/index.js";
import type { DeviceTensor, Kernel } from "../kernels/kernel.js";
import { TemplateBuffer } from "../memory/buffer.js";
import { runOnHost } from "./hostFallback.js";

/** Runs one op of the plan in one step. */
type Launch = (step: StepValues) => void | Promise<void>;

/**
 * A plan bound to buffers.
 *
 * REPLACE `#run` when the kernels are yours: it returns to JavaScript after every op, and waits for every result. A fast
 * backend records the whole step once, hands the device the step table, and reads the results back at the end of the run.
 */
export class TemplateExecutable implements Executable {
  readonly #buffers: ReadonlyMap<string, TemplateBuffer>;
  readonly #device: Device;
  readonly #launches: readonly Launch[];
  /** What every step reports. */
  readonly #results: readonly DeviceTensor[];
  #disposed = false;

  /** Throws `PlanError` for a missing buffer and `UnsupportedOpError` for an op without kernel. */
  constructor(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    device: Device,
    supports: (op: OpInstance) => true | string,
  ) {
    this.#device = device;
    const isOwn = (buffer: DeviceBuffer): buffer is TemplateBuffer =>
      buffer instanceof TemplateBuffer && buffer.isOn(device);
    this.#buffers = bindBuffers("template", plan, buffers, isOwn);
    const { ops, tensors } = bindPlan("template", plan, (value) => this.#tensor(value));
    expectSupported("template", ops, supports);
    this.#launches = ops.map((op) => this.#prepare(op));
    this.#results = plan.results.map((id) => tensors.get(id)!);
  }

  async run(steps: StepTable): Promise<Float32Array> {
    // A copy: the caller may change the table as soon as this returns.
    const table = { count: steps.count, bytes: steps.bytes.slice() };
    return await this.#device.queue.add(() => this.#run(table));
  }

  /** REPLACE: free what was recorded. Buffers are the caller's. */
  dispose(): void {
    this.#disposed = true;
  }

  async #run(steps: StepTable): Promise<Float32Array> {
    const count = this.#results.length;
    const reported = new Float32Array(steps.count * count);
    this.#checkAlive();
    for (let row = 0; row < steps.count; row++) {
      const step = unpackStep(steps, row);
      for (const launch of this.#launches) {
        this.#checkAlive();
        await launch(step);
      }
      for (const [index, { memory, byteOffset }] of this.#results.entries()) {
        const [result] = new Float32Array(await this.#device.download(memory!, byteOffset, 4));
        reported[row * count + index] = result!;
      }
    }
    return reported;
  }

  /** What can be done once is done here, so that nothing is looked up in a step. */
  #prepare(op: BoundOp<DeviceTensor>): Launch {
    const kernel = kernelFor(kernels, op.op) as Kernel<Attributes> | undefined;
    return kernel ? (step) => kernel(op, step) : (step) => runOnHost(op, step, this.#device);
  }

  #tensor({ label, shape, dtype, buffer, byteOffset }: PlanValue): DeviceTensor {
    return { label, shape, dtype, memory: this.#buffers.get(buffer ?? "")?.memory, byteOffset };
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
