import { expectRange } from "../checkOption.js";
import type { Configured } from "../config.js";
import { lastAxis } from "../ops/checks.js";
import type { LabelKind } from "../ops/lossShapes.js";
import { affine, type Loss, logitsOf, sigmoidActivation, softmaxActivation } from "./loss.js";

/** Settings of the cross-entropies. */
export interface CrossentropyOptions {
  /** Whether the model's output is logits instead of probabilities; default false. */
  readonly fromLogits?: boolean;
}

/** Settings of the cross-entropies that can smooth labels. */
export interface SmoothedCrossentropyOptions extends CrossentropyOptions {
  /**
   * Share of each label that is spread evenly over the classes, in [0, 1): with 0.1 and two classes, 0 and 1 become 0.05 and
   * 0.95. Default 0.
   */
  readonly labelSmoothing?: number;
}

/** Labels t become (1 - s) t + s / `classes`. */
export interface Smoothing {
  readonly scale: number;
  readonly share: number;
}

/** The option checked. */
export function smoothingOf(name: string, labelSmoothing = 0): Smoothing {
  const share = expectRange(`${name}: labelSmoothing`, labelSmoothing, 0, 1);
  return { scale: 1 - share, share };
}

function softmaxLoss(name: string, labelKind: LabelKind, options: SmoothedCrossentropyOptions, own: Configured): Loss {
  const { fromLogits = false } = options;
  const { scale, share } = smoothingOf(name, options.labelSmoothing);
  return {
    name,
    ...own,
    labels: labelKind,
    build(context) {
      const { graph, output, labels, weights } = context;
      const logits = logitsOf(context, fromLogits, softmaxActivation);
      const smoothed = affine(graph, labels, scale, share / lastAxis(output.shape));
      const inputs = [logits, smoothed, ...(weights ? [weights] : [])];
      const [lossSum, predictions] = graph.apply("softmaxCrossEntropy", inputs, { labels: labelKind });
      return { lossSum: lossSum!, predictions: predictions! };
    },
  };
}

/**
 * Cross-entropy for labels that are class numbers [N]. Keras' `SparseCategoricalCrossentropy`; computed from the logits when
 * the model ends in softmax.
 */
export function sparseCategoricalCrossentropy({ fromLogits = false }: CrossentropyOptions = {}): Loss {
  const own = { className: "SparseCategoricalCrossentropy", config: { fromLogits } };
  return softmaxLoss("sparseCategoricalCrossentropy", "sparse", { fromLogits }, own);
}

/**
 * Cross-entropy for one-hot labels or class probabilities [N,C]. Keras' `CategoricalCrossentropy`; from the logits likewise.
 * With `labelSmoothing` s a label t is (1 - s) t + s / C. Throws `ArgumentError` for a share out of range.
 */
export function categoricalCrossentropy(options: SmoothedCrossentropyOptions = {}): Loss {
  const { fromLogits = false, labelSmoothing = 0 } = options;
  const own = { className: "CategoricalCrossentropy", config: { fromLogits, labelSmoothing } };
  return softmaxLoss("categoricalCrossentropy", "categorical", options, own);
}

/**
 * Cross-entropy of independent yes-or-no outputs [N,C], mean over C. Keras' `BinaryCrossentropy`; from the logits likewise.
 * With `labelSmoothing` s a label t is (1 - s) t + s / 2. Throws `ArgumentError` for a share out of range.
 */
export function binaryCrossentropy(options: SmoothedCrossentropyOptions = {}): Loss {
  const { fromLogits = false, labelSmoothing = 0 } = options;
  const { scale, share } = smoothingOf("binaryCrossentropy", labelSmoothing);
  return {
    name: "binaryCrossentropy",
    className: "BinaryCrossentropy",
    config: { fromLogits, labelSmoothing },
    labels: "targets",
    binary: true,
    build(context) {
      const { graph, labels, weights } = context;
      const logits = logitsOf(context, fromLogits, sigmoidActivation);
      const inputs = [logits, affine(graph, labels, scale, share / 2), ...(weights ? [weights] : [])];
      const [lossSum, predictions] = graph.apply("sigmoidCrossEntropy", inputs, {});
      return { lossSum: lossSum!, predictions: predictions! };
    },
  };
}
