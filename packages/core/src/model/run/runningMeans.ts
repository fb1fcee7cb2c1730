import { rowsOf } from "../../ops/checks.js";
import type { CompiledModel } from "../declare/buildPlan.js";

/** Rows of predictions that a step of `batchSize` samples sums its results over. */
export function rowsPerStep({ network }: CompiledModel, batchSize: number): number {
  return rowsOf([batchSize, ...network.outputShape]);
}

/** Means over rows from the sums that steps report, added up in float64. */
export class RunningMeans {
  readonly #names: readonly string[];
  readonly #sums: Float64Array;
  #rows = 0;

  /** @param names of a step's results, the loss first */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#sums = new Float64Array(names.length);
  }

  /** Adds the results of `count` steps of `rows` rows each and returns the mean loss of each step. */
  add(results: Float32Array, count: number, rows: number): number[] {
    const width = this.#names.length;
    this.#rows += count * rows;
    return Array.from({ length: count }, (_, step) => {
      for (let index = 0; index < width; index++) {
        this.#sums[index]! += results[step * width + index] as number;
      }
      return (results[step * width] as number) / rows;
    });
  }

  /** The means so far by name. */
  values(): Record<string, number> {
    return Object.fromEntries(
      this.#names.map((name, index) => [name, (this.#sums[index] as number) / Math.max(1, this.#rows)]),
    );
  }
}
