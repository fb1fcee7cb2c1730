import { rowsOf } from "../../ops/checks.js";
import type { CompileSettings } from "../declare/compileSettings.js";

/** Mean loss and metrics from the sums that steps report, added up in float64. */
export class RunningMeans {
  readonly #outputShape: readonly number[];
  /** Of a step's results, the loss first. */
  readonly #names: readonly string[];
  readonly #sums: Float64Array;
  #rows = 0;

  constructor({ network, metrics }: Pick<CompileSettings, "network" | "metrics">) {
    this.#outputShape = network.outputShape;
    this.#names = ["loss", ...metrics.map(({ name }) => name)];
    this.#sums = new Float64Array(this.#names.length);
  }

  /** Adds the results of `count` steps of `batchSize` samples each and returns the mean loss of each step. */
  add(results: Float32Array, count: number, batchSize: number): number[] {
    const width = this.#names.length;
    // A sample may have several rows of predictions: one a pixel, say.
    const rows = rowsOf([batchSize, ...this.#outputShape]);
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
