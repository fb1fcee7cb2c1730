import type { EpochSums } from "../../callbacks/index.js";
import { countSums, type Metric, metricValues } from "../../metrics/metric.js";
import { rowsOf } from "../../ops/checks.js";
import type { CompileSettings, OutputSettings } from "../declare/compileSettings.js";
import { addsLoss } from "../declare/network.js";
import type { MetricCounts } from "./metricStates.js";

/** A part of the loss that steps report: the loss of an output or the term of a layer or regularizer. */
interface LossPart {
  /** Rows that it is the sum of, a sample; 0 for a number that is of the whole step. */
  readonly rowsPerSample: number;
  /** Factor of its mean in the loss. */
  readonly weight: number;
  /** Which of a step's results it is. */
  readonly position: number;
  /** Of an output: its metrics, whose sums follow, and what they are called by. */
  readonly metrics: readonly Metric[];
  readonly firstMetric: number;
  /** Absent for what is not told apart. */
  readonly output?: string;
}

/**
 * Mean loss and metrics from the sums that steps report, added up in float64. The loss is the sum of the outputs' mean losses,
 * each times its weight, and of the terms of layers and regularizers. The latter are of a step: their mean is over the steps,
 * each weighted by its samples, as in Keras.
 */
export class RunningMeans {
  readonly #parts: readonly LossPart[];
  readonly #totals: Float64Array;
  #samples: number;

  /** @param begun what others have added up before, `reportWidth` totals of it */
  constructor(settings: Reporting, begun: Omit<EpochSums, "counts"> = { samples: 0, totals: [] }) {
    const { parts, width } = reportOf(settings);
    this.#parts = parts;
    this.#totals = new Float64Array(width);
    this.#totals.set(begun.totals);
    this.#samples = begun.samples;
  }

  /** What has been added up so far. */
  get sums(): Omit<EpochSums, "counts"> {
    return { samples: this.#samples, totals: [...this.#totals] };
  }

  /**
   * Adds the results of `count` steps of `batchSize` samples each and returns the mean loss of each step. Results of a step:
   * for each output its loss and its metrics' sums, then the terms of layers, then those of regularizers.
   */
  add(results: Float32Array, count: number, batchSize: number): number[] {
    const width = this.#totals.length;
    this.#samples += count * batchSize;
    return Array.from({ length: count }, (_, step) => {
      for (let index = 0; index < width; index++) {
        this.#totals[index]! += results[step * width + index] as number;
      }
      let loss = 0;
      for (const { rowsPerSample, weight, position } of this.#parts) {
        const result = results[step * width + position] as number;
        if (rowsPerSample === 0) {
          // Of the step: it counts for each of its samples.
          this.#totals[position]! += result * (batchSize - 1);
        }
        loss += weight === 0 ? 0 : weight * (rowsPerSample === 0 ? result : result / (batchSize * rowsPerSample));
      }
      return loss;
    });
  }

  /**
   * The values so far by name.
   * @param counts what metrics have counted on the device; without it, those are left out
   */
  values(counts: MetricCounts = []): Record<string, number> {
    let loss = 0;
    const named: Record<string, number> = {};
    for (const { rowsPerSample, weight, position, metrics, firstMetric, output } of this.#parts) {
      const rows = this.#samples * rowsPerSample;
      const mean = this.#totals[position]! / Math.max(1, rowsPerSample === 0 ? this.#samples : rows);
      loss += weight === 0 ? 0 : weight * mean;
      // Keras' keys: with several outputs, the output's name comes first.
      const key = (name: string): string => (output === undefined ? name : `${output}_${name}`);
      if (output !== undefined) {
        named[key("loss")] = mean;
      }
      const sums = this.#totals.subarray(position + 1);
      for (const [name, value] of Object.entries(metricValues(metrics, sums, rows, counts.slice(firstMetric)))) {
        named[key(name)] = value;
      }
    }
    return { loss, ...named };
  }
}

/** What decides what a step reports. */
type Reporting = Pick<CompileSettings, "outputs" | "layout" | "network">;

/** How many numbers a step reports. */
export function reportWidth(settings: Reporting): number {
  return reportOf(settings).width;
}

/** What a step reports. */
interface Report {
  readonly parts: readonly LossPart[];
  /** How many numbers. */
  readonly width: number;
}

/** What is known already, by the outputs of a compiled model. */
const reports = new WeakMap<object, Report>();

function reportOf({ outputs, layout, network }: Reporting): Report {
  const known = reports.get(outputs);
  if (known !== undefined) {
    return known;
  }
  const parts: LossPart[] = [];
  let width = 0;
  const append = (part: Omit<LossPart, "position">): void => {
    parts.push({ ...part, position: width });
    width += 1 + countSums(part.metrics);
  };
  for (const output of outputs) {
    append(outputPart(output, outputs.length > 1));
  }
  for (const rowsPerSample of [...network.calls.filter(addsLoss).map(() => 1), ...layout.penalties.map(() => 0)]) {
    append({ rowsPerSample, weight: 1, metrics: [], firstMetric: 0 });
  }
  const report = { parts, width };
  reports.set(outputs, report);
  return report;
}

function outputPart(
  { name, shape, lossWeight, metrics, firstMetric }: OutputSettings,
  several: boolean,
): Omit<LossPart, "position"> {
  return {
    // A sample may have several rows of predictions: one a pixel, say.
    rowsPerSample: rowsOf([1, ...shape]),
    weight: lossWeight,
    metrics,
    firstMetric,
    ...(several ? { output: name } : {}),
  };
}
