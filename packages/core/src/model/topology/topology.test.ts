import { beforeAll, describe, expect, it } from "vitest";
import * as applications from "../../applications/index.js";
import type { Backend } from "../../backend/index.js";
import * as constraints from "../../constraints/index.js";
import { ArgumentError, ModelFileError } from "../../errors.js";
import * as initializers from "../../initializers/index.js";
import * as layers from "../../layers/index.js";
import { defineLayer, type Layer, type LayerContext, type NormalizationOptions } from "../../layers/index.js";
import { inputTensor as input } from "../../layers/inputLayer.js";
import type { SymbolicTensor } from "../../layers/layer.js";
import { layerClassNames } from "../../layers/layerClasses.js";
import { reference } from "../../reference/index.js";
import * as regularizers from "../../regularizers/index.js";
import type { Tensor } from "../../tensor.js";
import { networkOf } from "../declare/network.js";
import {
  layerFromConfig,
  type Model,
  type ModelTopology,
  model,
  modelFromTopology,
  modelTopology,
  sequential,
} from "../index.js";

let backend: Backend;

beforeAll(async () => {
  backend = await reference();
});

const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** All that two models have to agree in but for what the weights are now. */
function skeleton(of: Layer) {
  const network = networkOf(of);
  return {
    name: of.name,
    inputs: network.inputs,
    outputs: network.outputs,
    calls: network.calls.map(({ layer, instance, inputs, output }) => [layer.path, instance, inputs, output]),
    layers: network.layers.map(({ layer, name, outputShapes, connectedTo }) => [
      layer.className,
      name,
      layer.trainable,
      outputShapes,
      connectedTo,
    ]),
    parameters: network.parameters.map(({ path, shape, trainable, index, weights, regularizer }) => [
      path,
      shape,
      trainable,
      index,
      weights.origin,
      regularizer,
    ]),
  };
}

function reload<T extends Model<unknown>>(made: T, options = {}): T {
  const topology = clone(modelTopology(made));
  // JSON says all of it.
  expect(topology).toEqual(modelTopology(made));
  const again = modelFromTopology(topology, options) as unknown as T;
  expect(modelTopology(again)).toEqual(topology);
  expect(skeleton(again)).toEqual(skeleton(made));
  return again;
}

function sample(shapes: readonly (readonly number[])[], rows = 3): Tensor[] {
  return shapes.map((shape, number) => {
    const size = rows * shape.reduce((product, length) => product * length, 1);
    return {
      data: Float32Array.from({ length: size }, (_, index) => Math.sin(1 + number + 1.7 * index)),
      shape: [rows, ...shape],
    };
  });
}

function numbers(outputs: unknown): number[][] {
  const list = (
    Array.isArray(outputs) ? outputs : "data" in (outputs as object) ? [outputs] : Object.values(outputs as object)
  ) as Tensor[];
  return list.map(({ data }) => [...data]);
}

/** The same predictions, bit for bit; after a step of training as well, dropout and regularizers included. */
async function expectSame(a: Model<unknown>, b: Model<unknown>, train = false): Promise<void> {
  const x = sample(a.inputs.map(({ shape }) => shape));
  const y = sample(a.outputs.map(({ shape }) => shape));
  const results = [];
  for (const each of [a, b]) {
    each.compile({ backend, optimizer: "sgd", loss: "meanSquaredError" });
    const before = numbers(await each.predict(x));
    const logs = train ? await each.trainOnBatch(x, y) : {};
    results.push({ before, logs, after: train ? numbers(await each.predict(x)) : [] });
    each.dispose();
  }
  expect(results[1]).toEqual(results[0]);
}

type Case = readonly [shapes: readonly (readonly number[])[], ...made: readonly (() => Layer)[]];

const image = [[6, 5, 4]];
const sequence = [[7, 4]];
const two = [
  [3, 2],
  [3, 2],
];

const kernel = {
  kernelInitializer: initializers.varianceScaling({ scale: 0.7, mode: "fanOut", distribution: "untruncatedNormal" }),
  kernelRegularizer: regularizers.l1l2({ l1: 0.125, l2: 0.3 }),
  kernelConstraint: constraints.maxNorm({ maxValue: 0.7, axis: [0, 1] }),
};
const bias = {
  biasInitializer: initializers.truncatedNormal({ mean: 0.25, standardDeviation: 0.1 }),
  biasRegularizer: "l2",
  biasConstraint: constraints.unitNorm({ axis: -1 }),
} as const;
const linear = { ...kernel, ...bias, trainable: false, name: "given" };
const affine: NormalizationOptions = {
  ...{ epsilon: 0.02, betaInitializer: initializers.constant(0.5), gammaInitializer: "randomUniform" },
  ...{ betaRegularizer: "l1", gammaRegularizer: regularizers.l2({ l2: 0.5 }), betaConstraint: "nonNeg" },
};

/** Every layer with unusual options, on samples that it takes. */
const cases: Readonly<Record<string, Case>> = {
  activation: [
    image,
    () => layers.activation({ activation: "geluTanh" }),
    () => layers.activation({ activation: { function: "elu", alpha: 0.3 }, name: "bent" }),
  ],
  elu: [image, () => layers.elu({ alpha: 0.4 })],
  gelu: [image, () => layers.gelu(), () => layers.gelu({ approximate: true })],
  hardSigmoid: [image, () => layers.hardSigmoid()],
  hardSilu: [image, () => layers.hardSilu({ name: "swish" })],
  leakyRelu: [image, () => layers.leakyRelu({ negativeSlope: 0.05 })],
  prelu: [
    image,
    () => layers.prelu({ sharedAxes: [1, 2], alphaInitializer: initializers.randomNormal({ mean: 0.25 }) }),
    () => layers.prelu({ alphaRegularizer: "l1l2", alphaConstraint: "nonNeg", alphaInitializer: "ones" }),
  ],
  relu: [image, () => layers.relu({ trainable: false })],
  relu6: [image, () => layers.relu6({ name: "capped" })],
  silu: [image, () => layers.silu()],
  softmax: [image, () => layers.softmax()],
  softplus: [image, () => layers.softplus()],
  softsign: [image, () => layers.softsign()],
  conv1d: [
    sequence,
    () =>
      layers.conv1d({ filters: 3, kernelSize: 2, padding: "causal", dilationRate: 2, activation: "tanh", ...linear }),
    () => layers.conv1d({ filters: 2, kernelSize: 3, strides: 2, padding: "same", useBias: false }),
  ],
  conv2d: [
    image,
    () => layers.conv2d({ filters: 6, kernelSize: [2, 3], strides: [1, 2], padding: "same", groups: 2, ...linear }),
    () =>
      layers.conv2d({
        ...{ filters: 2, kernelSize: 2, dilationRate: [2, 1], activation: { function: "leakyRelu", alpha: 0.01 } },
        ...{ kernelInitializer: "orthogonal", useBias: false, inputShape: [6, 5, 4] },
      }),
  ],
  conv2dTranspose: [
    image,
    () => layers.conv2dTranspose({ filters: 2, kernelSize: [3, 2], strides: 2, padding: "same", outputPadding: 1 }),
    () => layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: [1, 2], activation: "elu", ...linear }),
  ],
  dense: [
    image,
    () =>
      layers.dense({ units: 5, activation: "selu", ...bias, kernelInitializer: initializers.orthogonal({ gain: 2 }) }),
    () => layers.dense({ units: 4, kernelInitializer: initializers.identity({ gain: 0.5 }), useBias: false }),
  ],
  depthwiseConv2d: [
    image,
    () =>
      layers.depthwiseConv2d({
        ...{ kernelSize: [2, 1], strides: 2, padding: "same", depthMultiplier: 3, activation: "relu6" },
        ...{ depthwiseInitializer: "heNormal", depthwiseRegularizer: "l1", depthwiseConstraint: "maxNorm" },
      }),
    () => layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, useBias: false }),
  ],
  separableConv2d: [
    image,
    () =>
      layers.separableConv2d({
        ...{ filters: 5, kernelSize: 3, padding: "same", depthMultiplier: 2, activation: "softsign", ...bias },
        ...{ depthwiseInitializer: "lecunNormal", pointwiseInitializer: "heUniform", pointwiseRegularizer: "l2" },
        ...{ pointwiseConstraint: "unitNorm", depthwiseConstraint: "nonNeg", depthwiseRegularizer: "l1" },
      }),
  ],
  cropping2d: [
    image,
    () =>
      layers.cropping2d({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
  ],
  zeroPadding2d: [
    image,
    () =>
      layers.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 3],
        ],
      }),
    () => layers.zeroPadding2d(),
  ],
  permute: [image, () => layers.permute({ dims: [3, 1, 2] })],
  resizing: [image, () => layers.resizing({ height: 3, width: 9, interpolation: "nearest" })],
  upSampling2d: [image, () => layers.upSampling2d({ size: [1, 3], interpolation: "bilinear" })],
  add: [[...two, [3, 2]], () => layers.add({ name: "sum" })],
  average: [two, () => layers.average()],
  concatenate: [two, () => layers.concatenate({ axis: 1 }), () => layers.concatenate()],
  maximum: [two, () => layers.maximum()],
  minimum: [two, () => layers.minimum()],
  multiply: [two, () => layers.multiply()],
  subtract: [two, () => layers.subtract()],
  batchNormalization: [
    image,
    () =>
      layers.batchNormalization({
        ...{ ...affine, axis: 3, momentum: 0.5, gammaConstraint: constraints.maxNorm({ axis: 0 }) },
        ...{
          movingMeanInitializer: "ones",
          movingVarianceInitializer: initializers.randomUniform({ low: 1, high: 2 }),
        },
      }),
    () => layers.batchNormalization({ axis: 1, scale: false, trainable: false }),
  ],
  layerNormalization: [
    image,
    () => layers.layerNormalization({ ...affine, axis: [-2, -1] }),
    () => layers.layerNormalization({ center: false }),
  ],
  groupNormalization: [
    image,
    () => layers.groupNormalization({ ...affine, groups: 2 }),
    () => layers.groupNormalization({ groups: -1, scale: false, center: false }),
  ],
  averagePooling1d: [sequence, () => layers.averagePooling1d({ poolSize: 3, strides: 2, padding: "same" })],
  averagePooling2d: [image, () => layers.averagePooling2d({ poolSize: [2, 3], strides: 1, padding: "same" })],
  maxPooling1d: [sequence, () => layers.maxPooling1d({ poolSize: 3 })],
  maxPooling2d: [image, () => layers.maxPooling2d({ strides: [1, 2] })],
  globalAveragePooling1d: [sequence, () => layers.globalAveragePooling1d({ keepDims: true })],
  globalAveragePooling2d: [image, () => layers.globalAveragePooling2d()],
  globalMaxPooling1d: [sequence, () => layers.globalMaxPooling1d()],
  globalMaxPooling2d: [image, () => layers.globalMaxPooling2d({ keepDims: true })],
  normalization: [
    image,
    () => layers.normalization({ mean: [1, 2, 3, 4], variance: [0.1, 0.2, 0.3, 0.4] }),
    () => layers.normalization({ mean: 0.5, variance: 3 }),
    () => {
      const adapted = layers.normalization();
      adapted.adapt(sample(image)[0]!);
      return adapted;
    },
    () => layers.normalization(),
  ],
  rescaling: [image, () => layers.rescaling({ scale: 1 / 255, offset: -0.3 })],
  activityRegularization: [image, () => layers.activityRegularization({ l1: 0.1, l2: 0.025 })],
  dropout: [image, () => layers.dropout({ rate: 0.4 })],
  gaussianDropout: [image, () => layers.gaussianDropout({ rate: 0.2 })],
  gaussianNoise: [image, () => layers.gaussianNoise({ stddev: 0.7 })],
  spatialDropout2d: [image, () => layers.spatialDropout2d({ rate: 0.5 })],
  flatten: [image, () => layers.flatten()],
  reshape: [image, () => layers.reshape({ targetShape: [3, -1, 2] })],
};

/** What stands before all layers that are trained, on images [6,5,3] of values from -1 to 1. */
const augmentation: Readonly<Record<string, () => Layer>> = {
  randomFlip: () => layers.randomFlip({ mode: "vertical" }),
  randomRotation: () => layers.randomRotation({ factor: [-0.1, 0.4], fillMode: "wrap", interpolation: "nearest" }),
  randomZoom: () =>
    layers.randomZoom({ heightFactor: [-0.5, 0.1], widthFactor: 0.3, fillMode: "constant", fillValue: 2 }),
  randomTranslation: () =>
    layers.randomTranslation({ heightFactor: [0.1, 0.4], widthFactor: 0.2, fillMode: "nearest" }),
  randomShear: () => layers.randomShear({ xFactor: [0.1, 0.4], yFactor: 0.3 }),
  randomCrop: () => layers.randomCrop({ height: 4, width: 3 }),
  randomBrightness: () => layers.randomBrightness({ factor: [0.1, 0.4], valueRange: [-1, 1] }),
  randomContrast: () => layers.randomContrast({ factor: [0.3, 0.8], valueRange: [-1, 1] }),
  randomHue: () => layers.randomHue({ factor: [0.1, 0.7], valueRange: [-1, 1] }),
  randomSaturation: () => layers.randomSaturation({ factor: [0.1, 0.4], valueRange: [-1, 1] }),
  randomInvert: () => layers.randomInvert({ factor: [0.4, 0.6], valueRange: [-1, 1] }),
  randomErasing: () => layers.randomErasing({ factor: 0.9, scale: [0.1, 0.5], fillValue: [0.1, 0.2, 0.3] }),
  randomGaussianBlur: () => layers.randomGaussianBlur({ factor: 0.9, kernelSize: [3, 5], sigma: [0.5, 2] }),
  gaussianBlur: () => layers.gaussianBlur({ sigma: 0.5 }),
  mixUp: () => layers.mixUp({ alpha: 0.7 }),
  cutMix: () => layers.cutMix({ factor: [0.4, 0.9] }),
};

describe("every layer, with unusual options", () => {
  const functions = Object.keys(layers).filter(
    (name) => !["defineLayer", "Layer", "SymbolicTensor", "input"].includes(name),
  );

  it("is among the cases", () => {
    expect([...Object.keys(cases), ...Object.keys(augmentation)].sort()).toEqual(functions.sort());
    const makers = [...Object.values(cases).flatMap(([, ...some]) => some), ...Object.values(augmentation)];
    const made = makers.map((make) => make().className);
    expect(layerClassNames.filter((name) => name !== "InputLayer" && !made.includes(name))).toEqual([]);
  });

  it.each(Object.keys(augmentation))("%s augments the same from its topology", async (name) => {
    const x = input({ shape: [6, 5, 3] });
    const augmented = augmentation[name]!()(x);
    const made = model({ inputs: x, outputs: layers.dense({ units: 3 })(layers.flatten()(augmented)), seed: 11 });
    const again = reload(made);
    expect(clone(again.layers.map(({ config }) => config))).toEqual(clone(made.layers.map(({ config }) => config)));
    await expectSame(made, again, true);
  });

  it.each(Object.keys(cases))("%s is the same from its topology, and computes and trains the same", async (name) => {
    const [shapes, ...makers] = cases[name] as Case;
    for (const make of makers) {
      const build = (): Model<unknown> => {
        const inputs = shapes.map((shape) => input({ shape }));
        // Something that is trained and something random, so that a step says more.
        const noisy = inputs.map((tensor) =>
          layers.dropout({ rate: 0.2 })(layers.dense({ units: tensor.shape.at(-1)! })(tensor)),
        );
        return model({ inputs, outputs: [make().call(noisy)], seed: 11 });
      };
      const made = build();
      const again = reload(made);
      expect(clone(again.layers.map(({ config }) => config))).toEqual(clone(made.layers.map(({ config }) => config)));
      await expectSame(made, again, true);
    }
  });

  it("has a config that its function takes, with defaults written out", () => {
    const { config, className } = layers.conv2d({ filters: 8, kernelSize: 3, kernelRegularizer: "l2" });
    expect({ className, config }).toEqual({
      className: "Conv2D",
      config: {
        ...{ filters: 8, kernelSize: [3, 3], strides: [1, 1], padding: "valid", dilationRate: [1, 1], groups: 1 },
        kernelInitializer: { className: "GlorotUniform", config: {} },
        kernelRegularizer: { className: "L1L2", config: { l1: 0, l2: 0.01 } },
        ...{
          activation: "linear",
          useBias: true,
          biasInitializer: { className: "Zeros", config: {} },
          trainable: true,
        },
      },
    });
    expect(layerFromConfig({ className, config: config! }).config).toEqual(config);
    expect(
      layerFromConfig({
        className: "Dense",
        config: { units: 3, kernelInitializer: "heNormal", kernelRegularizer: null },
      }).config,
    ).toMatchObject({
      kernelInitializer: { className: "HeNormal", config: {} },
    });
  });
});

describe("every application", () => {
  const functions = Object.entries(applications) as unknown as [string, (options: object) => Model][];

  it.each(functions)("%s is the same from its topology", (_, make) => {
    reload(make({ seed: 3 }));
  });

  it.each([
    ["lenet5", applications.lenet5({ classifierActivation: null, seed: 2 })],
    ["resnet20Cifar", applications.resnet20Cifar({ inputShape: [16, 16, 3], classes: 5 })],
    ["mobileNetV2", applications.mobileNetV2({ inputShape: [32, 32, 3], alpha: 0.1, classes: 4 })],
    ["squeezeNet", applications.squeezeNet({ inputShape: [32, 32, 3], includeTop: false, pooling: "max" })],
  ])("%s predicts the same, bit for bit", async (_, made) => {
    await expectSame(made, reload(made));
  });
});

describe("models", () => {
  it("a stack with an input layer, with a layer that stands there twice, and without a shape of its own", async () => {
    const twice = layers.dense({ units: 4, activation: "tanh" });
    const stack = sequential(
      [layers.input({ shape: [4], name: "rows" }), twice, layers.dropout({ rate: 0.3 }), twice],
      {
        name: "stack",
        seed: 5,
      },
    );
    await expectSame(stack, reload(stack), true);
    const shapeless = sequential([layers.dense({ units: 3 }), layers.dense({ units: 2 })]);
    const around = sequential([layers.dense({ units: 4, inputShape: [4] }), shapeless]);
    await expectSame(around, reload(around), true);
    await expectSame(shapeless, reload(shapeless), true);
  });

  it("a reloaded stack can be added to: names go on counting", () => {
    const stack = sequential([layers.dense({ units: 4, inputShape: [4] })]);
    const again = reload(stack);
    again.add(layers.dense({ units: 2 }));
    expect(modelTopology(again).config.layers.map(({ name }) => name)).toEqual(["dense", "dense_1"]);
  });

  it("branches, shared layers, models within models, several inputs and outputs by name", async () => {
    const inner = input({ shape: [4] });
    const tower = model({
      inputs: inner,
      outputs: layers.dense({ units: 4 })(layers.dropout({ rate: 0.5 })(inner)),
      seed: 8,
    });
    const shared = layers.dense({ units: 4, activation: "relu", name: "shared" });
    const [a, b] = [input({ shape: [4], name: "left" }), input({ shape: [4] })];
    const left = shared(tower(shared(a)));
    const right = tower(shared(b));
    const made = model({
      inputs: { b, a },
      outputs: { sum: layers.add()([left, right]), right, again: layers.multiply()([left, b, a]) },
      seed: 9,
      name: "net",
    });
    const again = reload(made);
    expect(Object.keys(modelTopology(again).config.layers)).toHaveLength(6);
    const x = { a: sample([[4]])[0]!, b: sample([[4]], 3)[0]! };
    const results = [];
    for (const each of [made, again]) {
      each.compile({ backend, loss: "meanSquaredError" });
      const predictions = await each.predict(x);
      expect(Object.keys(predictions)).toEqual(["sum", "right", "again"]);
      results.push(predictions);
    }
    expect(results[1]).toEqual(results[0]);
  });

  it("layers that are in several models within share their weights again", async () => {
    const x = input({ shape: [4] });
    const base = model({
      inputs: x,
      outputs: layers.dense({ units: 3 })(layers.dense({ units: 5, name: "first" })(x)),
      seed: 4,
    });
    const features = model({ inputs: base.inputs, outputs: base.getLayer("first").output, seed: 6, name: "features" });
    const y = input({ shape: [4] });
    const made = model({ inputs: y, outputs: [features(y), base(y), base(y)] });
    const again = reload(made);
    expect((await again.getWeights()).length).toBe(4);
    await expectSame(made, again, true);
    // By itself the part remembers what its first weights are drawn from.
    await expectSame(features, reload(features));
    expect(modelTopology(features).config.layers[1]).toMatchObject({ firstWeights: { seed: 4, instance: 0 } });
  });

  it("trainable of layers and of models around them", () => {
    const inner = sequential([layers.dense({ units: 3, inputShape: [3] }), layers.dense({ units: 3 })]);
    const middle = sequential([inner, layers.dense({ units: 2 })]);
    const outer = sequential([middle, layers.dense({ units: 1 })]);
    middle.trainable = false;
    inner.trainable = true;
    inner.layers[0]!.trainable = false;
    const again = reload(outer);
    const flags = (of: Model<unknown>): unknown =>
      of.layers.map((layer) => [layer.trainable, "layers" in layer ? flags(layer as unknown as Model<unknown>) : 0]);
    expect(flags(again)).toEqual(flags(outer));
  });

  it("outputs in an array, one of which is an input", () => {
    const x = input({ shape: [2] });
    const made = model({ inputs: [x], outputs: [layers.relu()(x), x] });
    expect(modelTopology(reload(made)).config).toMatchObject({
      outputs: [
        ["re_lu", 0, 0],
        ["input_layer", 0, 0],
      ],
    });
  });
});

describe("objects of one's own", () => {
  function scaling({ by, name }: { readonly by: number; readonly name?: string }): Layer {
    return defineLayer({
      ...{ className: "Scaling", defaultName: "scaling", name, config: { by } },
      parameters: () => [],
      apply: ({ graph, input: x }) => graph.apply("affine", [x], { scale: by, offset: 0 })[0]!,
    });
  }

  const sevens = {
    name: "sevens",
    className: "Sevens",
    config: { digit: 7 },
    draw: (shape: readonly number[]) => new Float32Array(shape[0]! * (shape[1] ?? 1)).fill(7),
  };

  it("come back by customObjects", async () => {
    const made = sequential([
      scaling({ by: 3, name: "thrice" }),
      layers.dense({ units: 2, kernelInitializer: sevens }),
    ]);
    made.build([2]);
    const seen: unknown[] = [];
    const customObjects = {
      Scaling: scaling,
      Sevens: (config: { digit: number }) => {
        seen.push(config);
        return sevens;
      },
    };
    await expectSame(made, reload(made, { customObjects }));
    expect(seen).toEqual([{ digit: 7 }]);
    expect(() => modelFromTopology(modelTopology(made))).toThrow(ModelFileError);
    expect(() => modelFromTopology(modelTopology(made))).toThrow(
      /topology, layer thrice \(Scaling\): unknown layer class "Scaling".*customObjects: { Scaling: /,
    );
  });

  it("that do not say how they are made are named when the model is written", () => {
    const plain = {
      className: "Plain",
      defaultName: "plain",
      parameters: () => [],
      apply: ({ input: x }: LayerContext) => x,
    };
    const unnamed = sequential([layers.flatten({ inputShape: [2] }), defineLayer(plain)]);
    expect(() => modelTopology(unnamed)).toThrow(ArgumentError);
    expect(() => modelTopology(unnamed)).toThrow(/layer plain \(Plain\) has no config, so it cannot be saved/);
    const { config: _, ...nameless } = sevens;
    const initialized = sequential([layers.dense({ units: 2, kernelInitializer: nameless, inputShape: [2] })]);
    expect(() => modelTopology(initialized)).toThrow(
      /layer dense \(Dense\): kernelInitializer "sevens" does not say how it is made/,
    );
    expect(() => modelTopology(layers.flatten())).toThrow(/modelTopology takes a model, got layer flatten/);
  });

  it("a factory that returns no layer is told so", () => {
    const made = sequential([scaling({ by: 3 })]);
    made.build([2]);
    expect(() => modelFromTopology(modelTopology(made), { customObjects: { Scaling: () => ({}) } })).toThrow(
      /customObjects.Scaling returned no layer/,
    );
  });
});

describe("topologies that are wrong", () => {
  const good = (): ModelTopology => {
    const x = input({ shape: [4, 4, 2] });
    const y = layers.flatten()(layers.conv2d({ filters: 3, kernelSize: 2 })(x));
    return clone(modelTopology(model({ inputs: x, outputs: layers.dense({ units: 2 })(y) })));
  };
  // biome-ignore lint/suspicious/noExplicitAny: breaks what types forbid.
  type Broken = any;

  it.each<[string, (topology: Broken) => void, RegExp]>([
    ["class of the model", (t) => (t.className = "Model"), /topology: .* is no model, expected/],
    ["no layers", (t) => delete t.config.layers, /topology: layers is missing, expected an array/],
    [
      "class of a layer",
      (t) => (t.config.layers[1].className = "Conv2d"),
      /layer conv2d \(Conv2d\): unknown layer class "Conv2d": did you mean "Conv2D"/,
    ],
    [
      "class that objects have by nature",
      (t) => (t.config.layers[1].className = "constructor"),
      /unknown layer class "constructor"/,
    ],
    ["an option", (t) => (t.config.layers[1].config.filters = -3), /layer conv2d \(Conv2D\): conv2d: filters is -3/],
    ["an unknown option", (t) => (t.config.layers[1].config.filter = 3), /unknown option filter: did you mean filters/],
    [
      "an option of another type",
      (t) => (t.config.layers[1].config.kernelSize = {}),
      /topology, layer conv2d \(Conv2D\)/,
    ],
    [
      "an initializer that is none",
      (t) => (t.config.layers[1].config.kernelInitializer = [1, 1]),
      /kernelInitializer is \[1,1\], expected { className, config }/,
    ],
    [
      "an initializer",
      (t) => (t.config.layers[1].config.kernelInitializer.className = "Xavier"),
      /unknown class of kernelInitializer "Xavier"/,
    ],
    ["a name", (t) => (t.config.layers[1].config.name = 7), /layer conv2d: name is 7, expected a string/],
    [
      "another name",
      (t) => (t.config.layers[1].config.name = "other"),
      /layer conv2d: the model would call it "other"/,
    ],
    [
      "a call of nothing",
      (t) => (t.config.calls[1].layer = "conv"),
      /calls\[1\] is of layer "conv", which is not among its layers/,
    ],
    [
      "a tensor of nothing",
      (t) => (t.config.calls[1].inputs[0][1] = 1),
      /calls\[1\] \(conv2d\) reads \["input_layer",1,0\], which no call before it gives/,
    ],
    ["a tensor of something else", (t) => (t.config.outputs = ["conv2d", "map", "name"]), /outputs reads/],
    [
      "too many inputs",
      (t) => t.config.calls[1].inputs.push(["input_layer", 0, 0]),
      /layer conv2d \(Conv2D\) takes 1 tensor, got 2/,
    ],
    [
      "a layer that is not used",
      (t) => t.config.layers.push({ className: "Flatten", name: "more", config: {} }),
      /layer more: no output of the model depends on it/,
    ],
    [
      "a layer named twice",
      (t) => (t.config.layers[2].name = "conv2d"),
      /layer conv2d: there are two layers of that name/,
    ],
    [
      "a layer from nowhere",
      (t) => (t.config.layers[2].sameAs = ["x"]),
      /layer flatten: sameAs is \["x"\], which names no layer before it/,
    ],
    ["shapes", (t) => (t.config.layers[1].config.kernelSize = [9, 9]), /layer conv2d \(Conv2D\)/],
    ["a seed", (t) => (t.config.seed = -1), /seed is -1/],
    ["trainable", (t) => (t.config.layers[1].config.trainable = "no"), /trainable is "no", expected true or false/],
  ])("%s", (_, spoil, message) => {
    const topology = good();
    spoil(topology);
    expect(() => modelFromTopology(topology)).toThrow(ModelFileError);
    expect(() => modelFromTopology(topology)).toThrow(message);
  });

  it("models within models that would run more layers than anyone has are refused, and fast", () => {
    let within = { className: "Flatten", name: "flatten", config: {} as object };
    for (let depth = 0; depth < 40; depth++) {
      const name = `level${depth}`;
      const twice = [within, { className: within.className, name: within.name, sameAs: [] as string[] }];
      within = { className: "Sequential", name, config: { name, inputShape: [2], layers: twice } };
    }
    const fill = (entry: Broken, path: string[]): void => {
      const [first, second] = entry.config.layers ?? [];
      if (first !== undefined) {
        second.sameAs = [...path, first.name];
        fill(first, second.sameAs);
      }
    };
    fill(within, []);
    expect(() => modelFromTopology(within as Broken)).toThrow(/more than 20000 layers would run/);
  });
});

it("an input tensor is not a layer", () => {
  const x: SymbolicTensor = input({ shape: [2] });
  expect(() => modelTopology(x as unknown as Layer)).toThrow(ArgumentError);
});
