import { DeviceError, type Executable, type Plan, type StepTable, stepBytes } from "@convoy/core/backend";
import type { WasmDevice } from "./device.js";
import type { WasmBuffer } from "./memory/buffer.js";
import type { Program } from "./program/encode.js";

/** Steps of one call into the module; longer runs are several calls. */
const stepsOfCall = 256;

/** A plan as a program in the module's memory. */
export class WasmExecutable implements Executable {
  readonly #device: WasmDevice;
  readonly #buffers: readonly WasmBuffer[];
  readonly #resultCount: number;
  readonly #program: number;
  readonly #steps: number;
  readonly #results: number;
  #disposed = false;

  constructor(device: WasmDevice, plan: Plan, program: Program, buffers: readonly WasmBuffer[]) {
    const { heap } = device;
    const label = `${plan.mode} plan, batch of ${plan.batchSize}`;
    // First what may fail for want of memory.
    device.reserveScratch(program.scratchBytes);
    this.#device = device;
    this.#buffers = buffers;
    this.#resultCount = program.resultCount;
    this.#program = heap.allocate(`${label}: program`, program.words.byteLength);
    this.#steps = heap.allocate(`${label}: step table`, stepsOfCall * stepBytes);
    this.#results = heap.allocate(`${label}: results`, stepsOfCall * program.resultCount * 4);
    new Uint32Array(heap.memory.buffer, this.#program, program.words.length).set(program.words);
  }

  async run(steps: StepTable): Promise<Float32Array> {
    this.#checkAlive();
    // The caller may reuse the table as soon as this returns.
    const table = steps.bytes.slice();
    const { count } = steps;
    return await this.#device.queue.add(() => this.#run(table, count));
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      const { queue, heap } = this.#device;
      const release = () => {
        for (const address of [this.#program, this.#steps, this.#results]) {
          heap.release(address);
        }
      };
      queue.addOrDo(release);
    }
  }

  async #run(table: Uint8Array, count: number): Promise<Float32Array> {
    const { heap, runner } = this.#device;
    const reported = new Float32Array(count * this.#resultCount);
    for (let done = 0; done < count; done += stepsOfCall) {
      this.#checkAlive();
      const stepCount = Math.min(stepsOfCall, count - done);
      const rows = table.subarray(done * stepBytes, (done + stepCount) * stepBytes);
      new Uint8Array(heap.memory.buffer, this.#steps, rows.length).set(rows);
      await runner.run({
        program: this.#program,
        steps: this.#steps,
        stepCount,
        results: this.#results,
        ...this.#device.scratch,
      });
      const results = new Float32Array(heap.memory.buffer, this.#results, stepCount * this.#resultCount);
      reported.set(results, done * this.#resultCount);
    }
    return reported;
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("wasm: run() of an executable after dispose()");
    }
    const gone = this.#buffers.find(({ disposed }) => disposed);
    if (gone) {
      throw new DeviceError(`wasm: run() over buffer "${gone.label}", which has been disposed`);
    }
  }
}
