import { expectCount } from "../checkOption.js";
import { ArgumentError } from "../errors.js";
import { lookUp } from "../names.js";
import type { TensorData } from "../tensor.js";
import { expectLabelPerOutput, type Metric, ratio } from "./metric.js";

/** Settings of `auc`. */
export interface AucOptions {
  /** Key in histories and logs; default "auc". */
  readonly name?: string;
  /** Points of the curve, evenly from 0 to 1; from 2 to 1,000,000, default 200. */
  readonly numThresholds?: number;
  /** Recall over the share of false alarms, or precision over recall; default "ROC". */
  readonly curve?: "ROC" | "PR";
}

/** Far more points than a curve needs, and 8 MB on a device: model files say the number, too. */
const maxThresholds = 1_000_000;

/** Rows with a label of 1 and others, above each threshold. */
interface Curve {
  readonly truePositives: Float64Array;
  readonly falsePositives: Float64Array;
}

/**
 * Area under a curve that is drawn through thresholds of the predictions, over all outputs of all rows; labels are 0 or 1.
 * Keras' `AUC` with its interpolation. It is known at the end of an epoch or an evaluation, not on the way. Throws
 * `ArgumentError` for options out of range.
 */
export function auc({ name = "auc", numThresholds = 200, curve = "ROC" }: AucOptions = {}): Metric {
  const buckets = expectCount("auc: numThresholds", numThresholds, 2) - 1;
  if (numThresholds > maxThresholds) {
    throw new ArgumentError(`auc: numThresholds is ${numThresholds}, expected at most ${maxThresholds}`);
  }
  const area = lookUp("auc curve", curve, areas);
  return {
    name,
    className: "AUC",
    config: { name, numThresholds, curve },
    sums: [],
    state: { dtype: "int32", length: 2 * buckets },
    build({ graph, predictions, labels, loss, state }) {
      expectLabelPerOutput(name, loss);
      const [counts] = graph.apply("reshape", [state!], { shape: [2, buckets] });
      graph.apply("labelHistogram", [predictions, labels, counts!], {});
      return [];
    },
    finish: (_sums, _rows, state) => area(curveOf(state!, buckets)),
  };
}

/** Counts above each threshold from those between two: the first threshold is below all predictions, the last above. */
function curveOf(counts: TensorData, buckets: number): Curve {
  const above = (row: number): Float64Array => {
    const sums = new Float64Array(buckets + 1);
    for (let bucket = buckets - 1; bucket >= 0; bucket--) {
      sums[bucket] = sums[bucket + 1]! + counts[row * buckets + bucket]!;
    }
    return sums;
  };
  return { truePositives: above(0), falsePositives: above(1) };
}

const areas: { readonly [C in "ROC" | "PR"]: (curve: Curve) => number } = {
  /** Trapezoids under recall as a function of the share of false alarms. */
  ROC({ truePositives: tp, falsePositives: fp }) {
    const [positives, negatives] = [tp[0]!, fp[0]!];
    return sumOverIntervals(tp.length, (a, b) => {
      const height = (ratio(tp[a]!, positives) + ratio(tp[b]!, positives)) / 2;
      return (ratio(fp[a]!, negatives) - ratio(fp[b]!, negatives)) * height;
    });
  },
  /**
   * Precision as a function of recall, with true positives linear in the predicted ones between two thresholds (Davis and
   * Goadrich, 2006): the integral of (TP_b + slope (P - P_b)) / P, in closed form.
   */
  PR({ truePositives: tp, falsePositives: fp }) {
    return sumOverIntervals(tp.length, (a, b) => {
      const [predictedA, predictedB] = [tp[a]! + fp[a]!, tp[b]! + fp[b]!];
      const gain = tp[a]! - tp[b]!;
      const slope = ratio(gain, predictedA - predictedB);
      const intercept = tp[b]! - slope * predictedB;
      const logarithm = predictedA > 0 && predictedB > 0 ? Math.log(predictedA / predictedB) : 0;
      return ratio(slope * (gain + intercept * logarithm), tp[0]!);
    });
  },
};

/** Sum over neighbouring thresholds a < b. */
function sumOverIntervals(thresholds: number, term: (a: number, b: number) => number): number {
  return Array.from({ length: thresholds - 1 }, (_, a) => term(a, a + 1)).reduce((sum, value) => sum + value, 0);
}
