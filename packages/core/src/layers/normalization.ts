import { expectCount, expectRange } from "../checkOption.js";
import type { Config } from "../config.js";
import { ArgumentError, formatShape } from "../errors.js";
import type { Initializer, InitializerName } from "../initializers/index.js";
import { type Shape, sizeOf, type Value } from "../ops/definition.js";
import { resolveAxis, withAxisLast } from "./axes.js";
import { commonFields, type LayerContext, type LayerOptions, type ParameterSpec } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { type ConstraintOption, type RegularizerOption, weight } from "./linear.js";
import { layerOptions } from "./options.js";
import { reshaped } from "./slices.js";

/** Options that the normalizations share. */
export interface NormalizationOptions extends LayerOptions {
  /** Added to the variance under the root; default 1e-3. */
  readonly epsilon?: number;
  /** Whether beta is added at the end; default true. */
  readonly center?: boolean;
  /** Whether the result is multiplied by gamma; default true. */
  readonly scale?: boolean;
  /** Default "zeros". */
  readonly betaInitializer?: InitializerName | Initializer;
  /** Default "ones". */
  readonly gammaInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly betaRegularizer?: RegularizerOption;
  /** Default none. */
  readonly gammaRegularizer?: RegularizerOption;
  /** Default none. */
  readonly betaConstraint?: ConstraintOption;
  /** Default none. */
  readonly gammaConstraint?: ConstraintOption;
}

const shared = [
  ...["axis", "epsilon", "center", "scale", "betaInitializer", "gammaInitializer", "betaRegularizer"],
  ...["gammaRegularizer", "betaConstraint", "gammaConstraint"],
];

/** Gamma and beta of a normalization. */
interface Scaling {
  readonly epsilon: number;
  readonly scale: boolean;
  readonly center: boolean;
  parameters(shape: Shape): readonly ParameterSpec[];
  /** Those that there are, in order, as vectors. */
  values(context: LayerContext): readonly Value[];
  /** The options behind it. */
  readonly config: Config;
}

function scaling(label: string, options: NormalizationOptions): Scaling {
  const epsilon = expectRange(`${label}: epsilon`, options.epsilon ?? 1e-3, 0, Infinity);
  const { scale = true, center = true } = options;
  const gamma = weight(
    "gamma",
    {
      initializer: options.gammaInitializer,
      regularizer: options.gammaRegularizer,
      constraint: options.gammaConstraint,
    },
    "ones",
  );
  const beta = weight(
    "beta",
    {
      initializer: options.betaInitializer,
      regularizer: options.betaRegularizer,
      constraint: options.betaConstraint,
    },
    "zeros",
  );
  const used = [...(scale ? [gamma] : []), ...(center ? [beta] : [])];
  return {
    epsilon,
    scale,
    center,
    parameters: (shape) => used.map((make) => make(shape)),
    get config() {
      return { epsilon, center, scale, ...beta.config("beta"), ...gamma.config("gamma") };
    },
    values: ({ graph, parameter }) =>
      [...(scale ? ["gamma"] : []), ...(center ? ["beta"] : [])].map((name) => {
        const value = parameter(name);
        return reshaped(graph, value, [sizeOf(value.shape)]);
      }),
  };
}

export interface BatchNormalizationOptions extends NormalizationOptions {
  /** The axis of the channels, from the end or from the front, where 0 is the batch; default -1. */
  readonly axis?: number;
  /** Share of the old moving statistics that stays in a step, in [0, 1); default 0.99. */
  readonly momentum?: number;
  /** Default "zeros". */
  readonly movingMeanInitializer?: InitializerName | Initializer;
  /** Default "ones". */
  readonly movingVarianceInitializer?: InitializerName | Initializer;
}

/**
 * Brings each channel of the batch to mean 0 and variance 1, then to gamma and beta (Ioffe and Szegedy, 2015): [N,...,C] to the
 * same. Weights in this order: gamma, beta, moving_mean, moving_variance, [C] each. In training it uses mean and variance of the
 * batch and moves the moving ones towards them; in evaluation and prediction, and always while it is frozen
 * (`trainable = false`), it uses the moving ones. Keras' `BatchNormalization`. Throws `ArgumentError` for options out of range,
 * and in training for a batch that has one number a channel, whose variance says nothing.
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  const own = ["momentum", "movingMeanInitializer", "movingVarianceInitializer"];
  layerOptions("batchNormalization", options, [...shared, ...own]);
  const { axis = -1 } = options;
  const momentum = expectRange("batchNormalization: momentum", options.momentum ?? 0.99, 0, 1);
  const affine = scaling("batchNormalization", options);
  const { epsilon, scale, center } = affine;
  const movingMean = weight("moving_mean", { initializer: options.movingMeanInitializer }, "zeros");
  const movingVariance = weight("moving_variance", { initializer: options.movingVarianceInitializer }, "ones");
  return defineLayer({
    className: "BatchNormalization",
    defaultName: "batch_normalization",
    ...commonFields(options),
    get config() {
      return {
        axis,
        momentum,
        ...affine.config,
        ...movingMean.config("movingMean"),
        ...movingVariance.config("movingVariance"),
      };
    },
    parameters(inputShape) {
      const shape = [inputShape[resolveAxis("batchNormalization", axis, inputShape) - 1]!];
      const moving = [movingMean(shape), movingVariance(shape)];
      return [...affine.parameters(shape), ...moving.map((spec) => ({ ...spec, trainable: false }))];
    },
    apply(context) {
      const { graph, input, parameter, training, frozen } = context;
      const attributes = { epsilon, scale, center };
      const moving = [parameter("moving_mean"), parameter("moving_variance")];
      const channels = resolveAxis("batchNormalization", axis, input.shape.slice(1));
      if (!training || frozen) {
        const normalize = (rows: Value): Value =>
          graph.apply("normalize", [rows, ...moving, ...affine.values(context)], attributes)[0]!;
        return withAxisLast(graph, input, channels, normalize);
      }
      if (sizeOf(input.shape) === input.shape[channels]) {
        throw new ArgumentError(
          `layer ${graph.label || "batchNormalization"}: a batch of one sample has one number a channel, whose variance is 0. ` +
            "Train with a larger batchSize, and one that does not leave a single sample for the last step",
        );
      }
      return withAxisLast(graph, input, channels, (rows) => {
        const [output, ...statistics] = graph.apply("batchNorm", [rows, ...affine.values(context)], attributes);
        statistics.forEach((value, index) => {
          graph.apply("movingAverage", [moving[index]!, value], { momentum });
        });
        return output!;
      });
    },
  });
}

export interface LayerNormalizationOptions extends NormalizationOptions {
  /** The last axis, -1 (default), or several at the end: [-2, -1]. */
  readonly axis?: number | readonly number[];
}

/**
 * Brings each row of a sample to mean 0 and variance 1 over its last axis or axes, then to gamma and beta of their shape (Ba,
 * Kiros and Hinton, 2016): [N,...,C] to the same. Keras' `LayerNormalization`. Throws `ArgumentError` for axes that are not the
 * last ones.
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  layerOptions("layerNormalization", options, shared);
  const affine = scaling("layerNormalization", options);
  const { epsilon, scale, center } = affine;
  const { axis = -1 } = options;
  const axes = typeof axis === "number" ? [axis] : axis;
  return defineLayer({
    className: "LayerNormalization",
    defaultName: "layer_normalization",
    ...commonFields(options),
    get config() {
      return { axis, ...affine.config };
    },
    parameters: (inputShape) => affine.parameters(inputShape.slice(firstNormalized(axes, inputShape))),
    apply(context) {
      const { graph, input } = context;
      const sample = input.shape.slice(1);
      const size = sizeOf(sample.slice(firstNormalized(axes, sample)));
      const rows = reshaped(graph, input, [sizeOf(input.shape) / size, size]);
      const attributes = { groups: 1, epsilon, scale, center };
      const [output] = graph.apply("groupNorm", [rows, ...affine.values(context)], attributes);
      return reshaped(graph, output!, input.shape);
    },
  });
}

/** The first axis of a sample that is normalized over, of those that are its last ones. */
function firstNormalized(axes: readonly number[], sample: Shape): number {
  const rank = sample.length;
  // From the front, axis 0 is the batch.
  const positions = axes.map((axis) => (axis < 0 ? rank + axis : axis - 1)).sort((a, b) => a - b);
  const first = rank - positions.length;
  if (positions.length === 0 || positions.some((position, index) => position !== first + index) || first < 0) {
    throw new ArgumentError(
      `layerNormalization: axis is ${formatShape(axes)}, expected the last axis or axes of samples ${formatShape(sample)}, ` +
        "such as -1 or [-2, -1]",
    );
  }
  return first;
}

export interface GroupNormalizationOptions extends NormalizationOptions {
  /** The axis of the channels, from the end or from the front, where 0 is the batch; default -1. */
  readonly axis?: number;
  /** Number of groups, a divisor of the channels; -1: one for each channel. Default 32. */
  readonly groups?: number;
}

/**
 * Brings each group of channels of a sample to mean 0 and variance 1, then to gamma and beta [C] (Wu and He, 2018): [N,...,C] to
 * the same. Keras' `GroupNormalization`. Throws `ShapeError` where the groups do not divide the channels.
 */
export function groupNormalization(options: GroupNormalizationOptions = {}): Layer {
  layerOptions("groupNormalization", options, ["groups", ...shared]);
  const affine = scaling("groupNormalization", options);
  const { epsilon, scale, center } = affine;
  const { groups = 32, axis = -1 } = options;
  if (groups !== -1) {
    expectCount("groupNormalization: groups", groups);
  }
  return defineLayer({
    className: "GroupNormalization",
    defaultName: "group_normalization",
    ...commonFields(options),
    get config() {
      return { axis, groups, ...affine.config };
    },
    parameters(inputShape) {
      return affine.parameters([inputShape[resolveAxis("groupNormalization", axis, inputShape) - 1]!]);
    },
    apply(context) {
      const { graph, input } = context;
      const [batch, ...sample] = input.shape as [number, ...number[]];
      const channels = resolveAxis("groupNormalization", axis, sample);
      const size = input.shape[channels]!;
      const attributes = { groups: groups === -1 ? size : groups, epsilon, scale, center };
      return withAxisLast(graph, input, channels, (rows) => {
        // With other axes behind the channels, those before them and the samples are one axis by now.
        const samples = channels < sample.length ? reshaped(graph, rows, [batch, sizeOf(sample) / size, size]) : rows;
        const [output] = graph.apply("groupNorm", [samples, ...affine.values(context)], attributes);
        return reshaped(graph, output!, rows.shape);
      });
    },
  });
}
