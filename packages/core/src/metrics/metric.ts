import type { Configured } from "../config.js";
import { ArgumentError } from "../errors.js";
import type { Loss } from "../losses/index.js";
import type { Value } from "../ops/definition.js";
import type { BufferSpec, Graph } from "../plan/index.js";
import type { TensorData } from "../tensor.js";

/** What a metric gets to append its ops to a graph. */
export interface MetricContext {
  readonly graph: Graph;
  /** [N,...,C] */
  readonly predictions: Value;
  /** As the loss takes them. */
  readonly labels: Value;
  readonly loss: Loss;
  /** Its numbers on the device, where it has some: a flat tensor that its ops update in place. */
  readonly state?: Value;
}

/**
 * A metric, computed on the device: from sums over rows, or from numbers that stay there until they are asked for. With
 * `className` and `config` compiled models that use it can be saved.
 */
export interface Metric extends Configured {
  /** Its key in histories and logs. */
  readonly name: string;
  /** Names of the sums that a step reports; default one, the metric itself. */
  readonly sums?: readonly string[];
  /**
   * Numbers that its ops count up on the device, 0 when an epoch or an evaluation begins. They are read at its end alone: until
   * then the metric is not in the logs.
   */
  readonly state?: BufferSpec;
  /** Appends its ops and returns the sums over the step's rows, [1] each: one, or as many as `sums` names. */
  build(context: MetricContext): Value | readonly Value[];
  /** The metric from its sums over all `rows` rows and its state; default: the sum divided by the rows. */
  finish?(sums: readonly number[], rows: number, state: TensorData | undefined): number;
}

/** How many sums a step reports for a metric. */
function sumCount({ sums }: Metric): number {
  return sums?.length ?? 1;
}

/** How many sums a step reports for all of them. */
export function countSums(metrics: readonly Metric[]): number {
  return metrics.reduce((count, metric) => count + sumCount(metric), 0);
}

/**
 * The metrics by name, from the sums of all of them one after the other.
 * @param states what those with a state have counted, by position; without it they are left out
 */
export function metricValues(
  metrics: readonly Metric[],
  sums: Float64Array,
  rows: number,
  states: readonly (TensorData | undefined)[],
): Record<string, number> {
  const values: Record<string, number> = {};
  let position = 0;
  for (const [index, metric] of metrics.entries()) {
    const own = [...sums.subarray(position, position + sumCount(metric))];
    position += own.length;
    if (metric.state === undefined || states[index] !== undefined) {
      values[metric.name] = metric.finish?.(own, rows, states[index]) ?? (own[0] as number) / Math.max(1, rows);
    }
  }
  return values;
}

/** Throws `ArgumentError` unless the labels are one number for each output. */
export function expectLabelPerOutput(metric: string, { name, labels }: Loss): void {
  if (labels === "sparse") {
    throw new ArgumentError(
      `metric "${metric}" needs a label for each output, but loss "${name}" takes class numbers; use one-hot labels ` +
        '(toCategorical) with loss: "categoricalCrossentropy", or another metric',
    );
  }
}

/** a / b, and 0 where b is 0, as Keras divides. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
