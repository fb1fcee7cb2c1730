import { countSums, type Metric, metricValues } from "../../metrics/metric.js";
import { rowsOf } from "../../ops/checks.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { MetricCounts } from "./metricStates.js";

/** Mean loss and metrics from the sums that steps report, added up in float64. */
export class RunningMeans {
  readonly #outputShape: readonly number[];
  readonly #metrics: readonly Metric[];
  /** Of a step's results, the loss first. */
  readonly #sums: Float64Array;
  #rows = 0;

  constructor({ network, metrics }: Pick<CompileSettings, "network" | "metrics">) {
    this.#outputShape = network.outputShape;
    this.#metrics = metrics;
    this.#sums = new Float64Array(1 + countSums(metrics));
  }

  /** Adds the results of `count` steps of `batchSize` samples each and returns the mean loss of each step. */
  add(results: Float32Array, count: number, batchSize: number): number[] {
    const width = this.#sums.length;
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

  /**
   * The values so far by name.
   * @param counts what metrics have counted on the device; without it, those are left out
   */
  values(counts: MetricCounts = []): Record<string, number> {
    return {
      loss: (this.#sums[0] as number) / Math.max(1, this.#rows),
      ...metricValues(this.#metrics, this.#sums.subarray(1), this.#rows, counts),
    };
  }
}
