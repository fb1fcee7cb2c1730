import type { Backend } from "../backend/index.js";
import { UnsupportedOpError } from "../errors.js";
import * as layers from "../layers/index.js";
import { inputTensor as input } from "../layers/inputLayer.js";
import { type Model, model } from "../model/index.js";
import type { Tolerance } from "../ops/opCase.js";
import { adam } from "../optimizers/index.js";
import { RandomStream } from "../random/index.js";
import { reference } from "../reference/index.js";
import type { Tensor } from "../tensor.js";
import { expectClose } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { ConformanceFailure, UnsupportedCase } from "./failure.js";

type Images = layers.SymbolicTensor;

/** A model that was put together at random, with a batch for each step. */
export interface RandomModel {
  readonly model: Model<unknown>;
  readonly loss: { readonly [output: string]: "sparseCategoricalCrossentropy" | "meanSquaredError" };
  readonly steps: readonly { readonly x: Tensor; readonly y: { readonly [output: string]: Tensor } }[];
}

const stepCount = 3;
const classes = 3;
/** Not less: batch normalization divides by the deviation of so many samples. */
const batchSize = 4;

/**
 * A model of 4 to 11 random layers, the same for the same number: convolutions of all kinds with any padding, stride and
 * dilation, normalizations, pooling, merges of branches, layers that are called twice, nested models, one or two outputs.
 */
export function randomModel(seed: number): RandomModel {
  const random = new RandomStream(seed, "test", 1);
  const pick = <T>(options: readonly T[]): T => options[random.integerBelow(options.length)]!;
  const shape = [pick([5, 6, 8]), pick([5, 7]), pick([2, 3, 4])];
  const samples = input({ shape, name: "samples" });
  const build = new RandomLayers(random);
  const made: Images[] = [samples];
  const count = 4 + random.integerBelow(8);
  for (let index = 0; index < count; index++) {
    // The last ones more often than those before, so that models are deep as well as wide.
    const x = random.uniform() < 0.7 ? made.at(-1)! : pick(made);
    const mates = made.filter((other) => other !== x && formatOf(other) === formatOf(x));
    made.push(mates.length > 0 && random.uniform() < 0.4 ? build.merge(x, pick(mates)) : build.next(x));
  }
  const used = new Set(made.flatMap((tensor) => tensor.call.inputs));
  const ends = made.filter((tensor) => !used.has(tensor) || tensor === made.at(-1));
  const pooled = ends.map((end) => pick([layers.globalAveragePooling2d, layers.globalMaxPooling2d])()(end));
  const joined = pooled.length > 1 ? layers.concatenate()(pooled) : pooled[0]!;
  const kind = layers.dense({ units: classes, activation: "softmax" })(joined);
  const outputs =
    random.uniform() < 0.3 ? { kind, size: layers.dense({ units: 2, kernelRegularizer: "l2" })(joined) } : { kind };
  const numbers = (of: readonly number[]): Tensor => ({
    data: Float32Array.from({ length: of.reduce((product, size) => product * size, 1) }, () => random.normal()),
    shape: of,
  });
  return {
    model: model({ inputs: samples, outputs, seed }),
    loss: {
      kind: "sparseCategoricalCrossentropy",
      ...("size" in outputs ? { size: "meanSquaredError" as const } : {}),
    },
    steps: Array.from({ length: stepCount }, () => ({
      x: numbers([batchSize, ...shape]),
      y: {
        kind: { data: Int32Array.from({ length: batchSize }, () => random.integerBelow(classes)), shape: [batchSize] },
        ...("size" in outputs ? { size: numbers([batchSize, 2]) } : {}),
      },
    })),
  };
}

function formatOf({ shape }: Images): string {
  return shape.join("x");
}

/** Layers with random options. */
class RandomLayers {
  readonly #random: RandomStream;
  /** Convolutions that keep the size, by the shape that they take: those may be called again. */
  readonly #again: Map<string, layers.Layer> = new Map();

  constructor(random: RandomStream) {
    this.#random = random;
  }

  merge(a: Images, b: Images): Images {
    const merge = this.#pick([layers.add, layers.add, layers.subtract, layers.average, layers.maximum, layers.minimum]);
    return this.#random.uniform() < 0.3 ? layers.concatenate()([a, b]) : merge()([a, b]);
  }

  next(x: Images): Images {
    const [height, width, channels] = x.shape as [number, number, number];
    const small = Math.min(height, width) < 4;
    const padding: "same" | "valid" = Math.min(height, width) < 3 ? "same" : this.#pick(["same", "valid"] as const);
    const window = {
      kernelSize: this.#pick<layers.Pair>(small ? [1, 2] : [1, 2, 3, [1, 3]]),
      padding,
      useBias: this.#random.uniform() < 0.5,
      ...(small ? {} : this.#pick([{ strides: 2 }, { dilationRate: 2, kernelSize: 2 }, {}, {}])),
    };
    const activation = this.#pick(["linear", "relu", "tanh", "silu", "elu", "gelu"] as const);
    const makers: (() => layers.Layer)[] = [
      () => layers.conv2d({ ...window, filters: this.#pick([2, 3, 4, 6]), activation }),
      () => layers.conv2d({ ...window, filters: 2 * channels, groups: this.#pick([1, channels]) }),
      () => layers.depthwiseConv2d({ ...window, depthMultiplier: channels < 5 ? this.#pick([1, 2]) : 1, activation }),
      () => layers.separableConv2d({ ...window, filters: 4 }),
      () => this.#conv2dAgain(x),
      () => this.#nested(x),
      () => layers.batchNormalization({ center: this.#random.uniform() < 0.8, scale: this.#random.uniform() < 0.8 }),
      () => layers.groupNormalization({ groups: this.#pick([1, channels]) }),
      () => layers.layerNormalization({ epsilon: 0.1 }),
      () => layers.activation({ activation: this.#pick(["relu6", "softplus", "hardSilu", "sigmoid", "leakyRelu"]) }),
      () => layers.prelu({ sharedAxes: [1, 2], alphaInitializer: "ones" }),
      () => layers.zeroPadding2d({ padding: [1, 0] }),
      () => layers.spatialDropout2d({ rate: 0.25 }),
    ];
    if (small) {
      makers.push(
        () => layers.upSampling2d({ interpolation: this.#pick(["nearest", "bilinear"]) }),
        () => layers.conv2dTranspose({ ...window, filters: 3, strides: 2 }),
      );
    } else {
      const pooling = { padding, poolSize: this.#pick([2, 3]), strides: this.#pick([1, 2]) };
      makers.push(
        () => layers.maxPooling2d(pooling),
        () => layers.averagePooling2d(pooling),
        () => layers.cropping2d({ cropping: [1, 0] }),
        () => layers.resizing({ height: 4, width: 5 }),
      );
    }
    return this.#pick(makers)()(x);
  }

  /** A convolution for tensors of this shape, the same one each time. */
  #conv2dAgain(x: Images): layers.Layer {
    const known =
      this.#again.get(formatOf(x)) ?? layers.conv2d({ filters: x.shape[2]!, kernelSize: 3, padding: "same" });
    this.#again.set(formatOf(x), known);
    return known;
  }

  /** A residual block as a model of its own. */
  #nested({ shape }: Images): Model<unknown> {
    const x = input({ shape });
    const bent = layers.conv2d({ filters: shape[2]!, kernelSize: 1, useBias: false })(x);
    const normal = layers.batchNormalization()(bent);
    return model({ inputs: x, outputs: layers.relu()(layers.add()([x, normal])) });
  }

  #pick<T>(options: readonly T[]): T {
    return options[this.#random.integerBelow(options.length)]!;
  }
}

/** Normalizations over few numbers make differences of rounding larger, and each step adds to them. */
const tolerance: Tolerance = {
  relative: 2e-3,
  absolute: 1e-3,
  why: "three training steps of a random network with normalizations over few numbers",
};

/** Losses of some training steps, what they make of the weights, and predictions. */
export async function trainRandomModel(
  backend: Backend,
  seed: number,
): Promise<ReadonlyMap<string, { readonly data: Float32Array | Float64Array; readonly shape: readonly number[] }>> {
  const { model: net, loss, steps } = randomModel(seed);
  // The division by sqrt(v) + epsilon makes a step of full size out of a gradient that is all rounding.
  net.compile({ backend, loss, optimizer: adam({ learningRate: 0.01, epsilon: 0.1 }) });
  const outcome = new Map<string, { data: Float32Array | Float64Array; shape: readonly number[] }>();
  try {
    for (const [index, { x, y }] of steps.entries()) {
      const losses = Object.values(await net.trainOnBatch(x, y));
      outcome.set(`losses of step ${index + 1}`, { data: Float64Array.from(losses), shape: [losses.length] });
    }
    const weights = await net.getWeights();
    weights.forEach((weight, index) => {
      outcome.set(`weight ${index}`, weight);
    });
    const predictions = (await net.predict(steps[0]!.x)) as { readonly [output: string]: Tensor<Float32Array> };
    for (const [name, tensor] of Object.entries(predictions)) {
      outcome.set(`predictions of ${name}`, tensor);
    }
    return outcome;
  } finally {
    net.dispose();
  }
}

/** Trains random models `first` to `first + count - 1` for three steps each and compares with the reference. */
export function randomModelCases(count: number, first = 0): ConformanceCase[] {
  return Array.from({ length: count }, (_, index) => ({
    level: "step",
    op: "training",
    name: `training: random model ${first + index}`,
    run: (backend) => compareRandomModel(backend, first + index),
  }));
}

async function compareRandomModel(backend: Backend, seed: number): Promise<void> {
  const trusted = await reference();
  const expected = await trainRandomModel(trusted, seed);
  await trusted.dispose();
  let actual: Awaited<ReturnType<typeof trainRandomModel>>;
  try {
    actual = await trainRandomModel(backend, seed);
  } catch (error) {
    if (error instanceof UnsupportedOpError && (backend.unsupportedOps as readonly string[])?.includes(error.op)) {
      throw new UnsupportedCase(`random model ${seed}: ${error.reason}`, error.reason);
    }
    throw error;
  }
  for (const [what, { data, shape }] of expected) {
    try {
      expectClose(what, actual.get(what)!.data, data, shape, tolerance);
    } catch (error) {
      throw new ConformanceFailure(`random model ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}
