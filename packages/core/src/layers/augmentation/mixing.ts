import { ArgumentError } from "../../errors.js";
import type { Value } from "../../ops/definition.js";
import { permutation } from "../../random/index.js";
import type { LayerContext, LayerOptions } from "../definition.js";
import type { Layer } from "../layer.js";
import { layerOptions } from "../options.js";
import { symmetricBeta } from "./beta.js";
import { changingLayer } from "./drawing.js";
import { drawFrom } from "./moving.js";
import { type Factor, toRange } from "./ranges.js";
import { drawBox } from "./regions.js";

const partners = { name: "partners", dtype: "int32", shape: [] } as const;
const weights = { name: "weights", dtype: "float32", shape: [] } as const;

/** Rows weighted with those of their partners. */
function mixed({ graph, drawn }: LayerContext, rows: Value): Value {
  return graph.apply("mixRows", [rows, drawn("partners"), drawn("weights")], {})[0]!;
}

export interface MixUpOptions extends LayerOptions {
  /** Parameter of the beta distribution of the weights, above 0: the larger, the more is mixed. Default 0.2. */
  readonly alpha?: number;
}

/**
 * Mixes each image of a batch with another, w x + (1 - w) x', and the labels alike (Zhang et al., "mixup: Beyond empirical risk
 * minimization", 2017), with a weight of its own from the beta distribution. Acts in training only. Keras' `MixUp`, where a batch has
 * one weight. Labels are one-hot or numbers; for class numbers `fit` throws `ArgumentError`: `toCategorical` makes one-hot ones. Weights
 * of samples and classes stay those of x.
 */
export function mixUp(options: MixUpOptions = {}): Layer {
  const { alpha = 0.2 } = layerOptions("mixUp", options, ["alpha"]);
  if (!(Number.isFinite(alpha) && alpha > 0)) {
    throw new ArgumentError(`mixUp: alpha is ${alpha}, expected a number above 0`);
  }
  return changingLayer({
    className: "MixUp",
    defaultName: "mix_up",
    options,
    config: { alpha },
    draws: () => ({
      tensors: [partners, weights],
      draw(stream, rows) {
        const order = permutation(rows, stream);
        return [order, Float64Array.from({ length: rows }, () => symmetricBeta(stream, alpha))];
      },
    }),
    change(context) {
      context.mixLabels((labels) => mixed(context, labels));
      return mixed(context, context.input);
    },
  });
}

export interface CutMixOptions extends LayerOptions {
  /** Range of the parameter of the beta distribution, drawn once a batch, a number f from 0 to 1 standing for [0, f]; default 1. */
  readonly factor?: Factor;
}

/**
 * Puts a box of another image of the batch into each image and weights the labels by the areas (Yun et al., "CutMix: Regularization
 * strategy to train strong classifiers with localizable features", 2019). Acts in training only. Keras' `CutMix`. Labels as in `mixUp`.
 */
export function cutMix(options: CutMixOptions = {}): Layer {
  layerOptions("cutMix", options, ["factor"]);
  const factor = toRange("cutMix: factor", options.factor ?? 1, [0, 1]);
  return changingLayer({
    className: "CutMix",
    defaultName: "cut_mix",
    options,
    config: { factor: [...factor] },
    draws: ([height, width]) => ({
      tensors: [partners, weights, { name: "boxes", dtype: "int32", shape: [4] }],
      draw(stream, rows) {
        const order = permutation(rows, stream);
        const alpha = drawFrom(stream, factor) + 1e-6;
        const boxes = Array.from({ length: rows }, () => {
          const share = Math.sqrt(1 - symmetricBeta(stream, alpha));
          return drawBox(stream, [height!, width!], [share, share]);
        });
        const kept = boxes.map(
          ([top, left, bottom, right]) => 1 - ((bottom - top) * (right - left)) / (height! * width!),
        );
        return [order, kept, boxes.flat()];
      },
    }),
    change(context) {
      const { graph, input, drawn } = context;
      context.mixLabels((labels) => mixed(context, labels));
      const [others] = graph.apply("mixRows", [input, drawn("partners")], {});
      return graph.apply("fillBoxes", [input, drawn("boxes"), others!], { values: [] })[0]!;
    },
  });
}
