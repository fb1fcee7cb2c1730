import { stepBytes } from "@convoy/core/backend";
import type { CudaDevice } from "../device/device.js";
import { type StructValues, structBytes } from "../kernels/arguments/pack.js";
import type { LaunchContext, Precision } from "../kernels/opKernel.js";

/** Steps of one table; longer runs take several, one behind the other. */
export const tableRows = 1024;
/** Cursor and fault word. */
export const stateBytes: number = structBytes("StepState");
/** Where the results start behind the state. */
export const reportedOffset = 256;

const scratchUnit = 256;
const scratchChunk = 2 ** 16;

/** Device memory of one executable: the table of steps, cursor and results, and what its launches keep for themselves. */
export class ExecutableMemory implements LaunchContext {
  readonly multiprocessors: number;
  readonly precision: Precision;
  readonly inGroup: boolean;
  readonly stepTable: number;
  /** State, then at `reportedOffset` the results of the table's steps. */
  readonly stepState: number;
  readonly #device: CudaDevice;
  readonly #resultCount: number;
  readonly #resultTable: number;
  readonly #endCounter: number;
  readonly #allocations: number[] = [];
  #scratchAt = 0;
  #scratchEnd = 0;

  constructor(device: CudaDevice, precision: Precision, resultAddresses: readonly number[]) {
    this.#device = device;
    this.multiprocessors = device.facts.multiprocessors;
    this.precision = precision;
    this.inGroup = device.inGroup;
    this.#resultCount = resultAddresses.length;
    this.stepTable = this.#allocate(tableRows * stepBytes);
    this.stepState = this.#allocate(reportedOffset + tableRows * this.#resultCount * 4);
    this.#endCounter = this.scratch(4);
    this.#resultTable = this.scratch(this.#resultCount * 8);
    const table = BigUint64Array.from(resultAddresses, BigInt);
    if (table.length > 0) {
      const { stream } = device;
      device.call(
        "writing the table of results",
        "cuMemcpyHtoDAsync_v2",
        this.#resultTable,
        table,
        table.byteLength,
        stream,
      );
    }
  }

  scratch(bytes: number): number {
    const size = Math.ceil(Math.max(bytes, 1) / scratchUnit) * scratchUnit;
    if (this.#scratchAt + size > this.#scratchEnd) {
      const chunk = Math.max(size, scratchChunk);
      this.#scratchAt = this.#allocate(chunk);
      this.#scratchEnd = this.#scratchAt + chunk;
    }
    const address = this.#scratchAt;
    this.#scratchAt += size;
    return address;
  }

  stepEnd(ends: boolean): StructValues<"StepEnd"> {
    return {
      state: this.stepState,
      results: this.#resultTable,
      reported: this.stepState + reportedOffset,
      counter: this.#endCounter,
      count: this.#resultCount,
      ends: ends ? 1 : 0,
    };
  }

  dispose(): void {
    for (const address of this.#allocations.splice(0)) {
      this.#device.release(address);
    }
  }

  #allocate(bytes: number): number {
    const address = this.#device.allocate("executable", bytes);
    this.#allocations.push(address);
    return address;
  }
}
