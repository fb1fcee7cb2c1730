import { expectRange } from "../checkOption.js";
import { ArgumentError, formatShape, ShapeError } from "../errors.js";
import type { Initializer } from "../initializers/index.js";
import { lastAxis } from "../ops/checks.js";
import { type TensorInput, toTensor } from "../tensorInput.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, Layer } from "./layer.js";
import { layerOptions } from "./options.js";

export interface RescalingOptions extends LayerOptions {
  /** What numbers are multiplied by: 1 / 255 for bytes. */
  readonly scale: number;
  /** What is added afterwards; default 0. */
  readonly offset?: number;
}

/** scale x + offset. Keras' `Rescaling`. */
export function rescaling(options: RescalingOptions): Layer {
  const { scale, offset = 0 } = layerOptions("rescaling", options, ["scale", "offset"], ["scale"]);
  for (const [name, value] of Object.entries({ scale, offset })) {
    if (!Number.isFinite(value)) {
      throw new ArgumentError(`rescaling: ${name} is ${value}, expected a finite number`);
    }
  }
  return defineLayer({
    className: "Rescaling",
    defaultName: "rescaling",
    ...commonFields(options),
    config: { scale, offset },
    parameters: () => [],
    apply: ({ graph, input }) => graph.apply("affine", [input], { scale, offset })[0]!,
  });
}

export interface NormalizationLayerOptions extends LayerOptions {
  /** Of each channel, or one for all; default: what `adapt` finds. */
  readonly mean?: number | readonly number[];
  /** Of each channel, or one for all; default: what `adapt` finds. */
  readonly variance?: number | readonly number[];
}

/** Smallest deviation that is divided by, 1e-7 in Keras, as it stands under the root. */
const epsilon = 1e-14;

/** Brings channels to mean 0 and variance 1 by statistics of a data set, which `adapt` takes or options give. */
export class Normalization extends Layer {
  readonly #statistics: Statistics;

  constructor(options: NormalizationLayerOptions) {
    const { mean = 0, variance = 1 } = options;
    const statistics: Statistics = { mean, variance, known: options.mean !== undefined };
    super({
      className: "Normalization",
      defaultName: "normalization",
      ...commonFields(options),
      get config() {
        return statistics.known ? { mean: statistics.mean, variance: statistics.variance } : {};
      },
      parameters(inputShape) {
        if (inputShape.length === 0) {
          throw new ShapeError(`normalization expects samples [...,C], got ${formatShape(inputShape)}`);
        }
        const shape = [lastAxis(inputShape)];
        return (["mean", "variance"] as const).map((name) => {
          expectChannels(name, statistics[name], lastAxis(inputShape));
          return { name, shape, initializer: filledWith(statistics, name), trainable: false };
        });
      },
      apply: ({ graph, input, parameter }) => {
        const inputs = [input, parameter("mean"), parameter("variance")];
        return graph.apply("normalize", inputs, { epsilon, scale: false, center: false })[0]!;
      },
    });
    this.#statistics = statistics;
  }

  /** Takes mean and variance of each channel from data [N,...,C]. Throws `ShapeError` where the channels are others. */
  adapt(data: TensorInput): void {
    const { data: numbers, shape, scale = 1 } = toTensor("normalization: data", data);
    const channels = lastAxis(shape);
    const rows = numbers.length / channels;
    const mean = new Float64Array(channels);
    const variance = new Float64Array(channels);
    numbers.forEach((value, index) => {
      mean[index % channels]! += (value * scale) / rows;
    });
    numbers.forEach((value, index) => {
      variance[index % channels]! += (value * scale - mean[index % channels]!) ** 2 / rows;
    });
    this.weights?.parameters.forEach(({ name, shape: [expected] }) => {
      expectChannels(name, [...mean], expected as number);
    });
    Object.assign(this.#statistics, { mean: [...mean], variance: [...variance], known: true });
    this.weights?.replace([Float32Array.from(mean), Float32Array.from(variance)]);
  }
}

interface Statistics {
  /** Whether they were given or found. */
  known: boolean;
  mean: number | readonly number[];
  variance: number | readonly number[];
}

function expectChannels(name: string, values: number | readonly number[], channels: number): void {
  if (typeof values !== "number" && values.length !== channels) {
    throw new ShapeError(`normalization: ${name} has ${values.length} numbers, the samples have ${channels} channels`);
  }
}

/** Gives what the statistics are when the weights are first wanted. */
function filledWith(statistics: Statistics, name: "mean" | "variance"): Initializer {
  return {
    name,
    draw: ([channels]) => {
      const values = statistics[name];
      return Float32Array.from({ length: channels as number }, (_, index) =>
        typeof values === "number" ? values : values[index]!,
      );
    },
  };
}

/**
 * (x - mean) / sqrt(variance) for each channel: [N,...,C] to the same. The weights mean and variance, [C] each, are never
 * trained; call `adapt` with data to find them, or give both as options. Keras' `Normalization` with axis -1.
 *
 * ```ts
 * const normalize = layers.normalization();
 * normalize.adapt(images);
 * ```
 */
export function normalization(options: NormalizationLayerOptions = {}): Normalization {
  const { mean, variance } = layerOptions("normalization", options, ["mean", "variance"]);
  if ((mean === undefined) !== (variance === undefined)) {
    throw new ArgumentError("normalization: give both mean and variance, or neither and call adapt with data");
  }
  for (const value of [variance ?? 1].flat()) {
    expectRange("normalization: variance", value, 0, Infinity);
  }
  return new Normalization(options);
}
