import { DeviceError, type Executable, type StepTable, stepBytes } from "@convoy/core/backend";
import type { WasmDevice } from "../device/device.js";
import type { WasmBuffer } from "../memory/buffer.js";
import type { Program } from "../program/encode.js";
import { type LoadedProgram, loadSeparately, loadWhole } from "./loadedProgram.js";

/** Steps of one call into the module; longer runs are several calls. */
const stepsPerCall = 256;

/** A plan as a program in the module's memory. */
export class WasmExecutable implements Executable {
  readonly #device: WasmDevice;
  readonly #buffers: readonly WasmBuffer[];
  readonly #resultCount: number;
  readonly #program: LoadedProgram;
  readonly #steps: number;
  readonly #results: number;
  #disposed = false;

  /** `debug`: the launches are run one by one. */
  constructor(device: WasmDevice, label: string, program: Program, buffers: readonly WasmBuffer[], debug: boolean) {
    const { heap } = device;
    // First what may fail for want of memory.
    device.reserveScratch(program.scratchBytes);
    this.#device = device;
    this.#buffers = buffers;
    this.#resultCount = program.resultCount;
    this.#program = (debug ? loadSeparately : loadWhole)(device, `${label}: program`, program);
    this.#steps = heap.allocate(`${label}: step table`, stepsPerCall * stepBytes);
    this.#results = heap.allocate(`${label}: results`, stepsPerCall * program.resultCount * 4);
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
        this.#program.release();
        heap.release(this.#steps);
        heap.release(this.#results);
      };
      queue.addOrDo(release);
    }
  }

  async #run(table: Uint8Array, count: number): Promise<Float32Array> {
    const { heap } = this.#device;
    const reported = new Float32Array(count * this.#resultCount);
    for (let done = 0; done < count; done += stepsPerCall) {
      this.#checkAlive();
      const stepCount = Math.min(stepsPerCall, count - done);
      const rows = table.subarray(done * stepBytes, (done + stepCount) * stepBytes);
      new Uint8Array(heap.memory.buffer, this.#steps, rows.length).set(rows);
      await this.#program.run({ steps: this.#steps, stepCount, results: this.#results });
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
