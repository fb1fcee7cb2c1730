import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { ArgumentError, input, type Layer, layers, model, optimizers, ShapeError, sequential } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

/** What a layer makes of one sample, its weights set to `weights`. */
async function outputs(
  layer: Layer,
  sample: readonly number[],
  inputShape: readonly number[],
  weights?: readonly (readonly number[])[],
) {
  const net = sequential([layers.input({ shape: inputShape }), layer]);
  net.compile({ backend });
  if (weights !== undefined) {
    const shapes = (await net.getWeights()).map(({ shape }) => shape);
    await net.setWeights(weights.map((data, index) => ({ data: Float32Array.from(data), shape: shapes[index]! })));
  }
  const { data, shape } = await net.predict({ data: Float32Array.from(sample), shape: [1, ...inputShape] });
  net.dispose();
  return { values: [...data].map((value) => Number(value.toFixed(5)) + 0), shape: shape.slice(1) };
}

const count = (length: number): number[] => Array.from({ length }, (_, index) => index + 1);
const outputShape = (layer: Layer, shape: readonly number[]) => layer(input({ shape })).shape;

describe("batchNormalization", () => {
  const names = ["gamma", "beta", "moving_mean", "moving_variance"];

  it("has Keras' weights in Keras' order", () => {
    const layer = layers.batchNormalization();
    layer(input({ shape: [2, 2, 3] }));
    expect(layer.weights!.parameters.map(({ name, trainable = true }) => [name, trainable])).toEqual(
      names.map((name) => [name, !name.startsWith("moving")]),
    );
    const bare = layers.batchNormalization({ scale: false, center: false });
    bare(input({ shape: [3] }));
    expect(bare.weights!.parameters.map(({ name }) => name)).toEqual(names.slice(2));
  });

  it("moves its statistics as Keras does: three steps, by hand", async () => {
    const net = sequential([layers.batchNormalization({ momentum: 0.9, inputShape: [1] })]);
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1e-30 }) });
    // Batches of mean 2, variance 1; mean 5, variance 4; mean 3, variance 4.
    for (const batch of [
      [1, 3],
      [3, 7],
      [1, 5],
    ]) {
      await net.trainOnBatch(
        batch.map((value) => [value]),
        [[0], [0]],
      );
    }
    const [gamma, beta, mean, variance] = await net.getWeights();
    expect([gamma!.data[0], beta!.data[0]]).toEqual([1, 0]);
    // 0.9 (0.9 (0.9 * 0 + 0.1 * 2) + 0.1 * 5) + 0.1 * 3; 0.9 (0.9 (0.9 + 0.1) + 0.1 * 4) + 0.1 * 4
    expect(mean!.data[0]).toBeCloseTo(0.912, 6);
    expect(variance!.data[0]).toBeCloseTo(1.57, 6);
    const { data } = await net.predict([[2]]);
    expect(data[0]).toBeCloseTo((2 - 0.912) / Math.sqrt(1.57 + 1e-3), 5);
    net.dispose();
  });

  it("uses the statistics of the batch in training", async () => {
    const net = sequential([layers.batchNormalization({ epsilon: 0, inputShape: [1] })]);
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1e-30 }) });
    // (1, 3) becomes (-1, 1): squared errors to (0, 3) are 1 and 4.
    expect((await net.trainOnBatch([[1], [3]], [[0], [3]])).loss).toBeCloseTo(2.5, 5);
    net.dispose();
  });

  it("keeps to the moving statistics while it is frozen", async () => {
    const net = sequential([
      layers.batchNormalization({ inputShape: [1], trainable: false, epsilon: 0 }),
      layers.dense({ units: 1, kernelInitializer: "ones" }),
    ]);
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1e-30 }) });
    expect((await net.trainOnBatch([[1], [3]], [[1], [3]])).loss).toBe(0);
    const [, , mean, variance] = await net.getWeights();
    expect([mean!.data[0], variance!.data[0]]).toEqual([0, 1]);
    net.dispose();
  });

  it("refuses a batch of one number a channel, before training begins", async () => {
    const net = sequential([layers.dense({ units: 2, inputShape: [1] }), layers.batchNormalization({ name: "norm" })]);
    net.compile({ backend, loss: "meanSquaredError" });
    const before = await net.getWeights();
    const rows = count(5).map((value) => [value]);
    const fitting = net.fit(
      rows,
      rows.map(() => [1, 1]),
      { batchSize: 2, verbose: 0 },
    );
    await expect(fitting).rejects.toThrow(ArgumentError);
    await expect(fitting).rejects.toThrow(
      /layer norm: a batch of one sample has one number a channel.*larger batchSize/,
    );
    expect(await net.getWeights()).toEqual(before);
    await net.fit(
      rows.slice(1),
      rows.slice(1).map(() => [1, 1]),
      { batchSize: 2, verbose: 0 },
    );
    net.dispose();
    const images = sequential([layers.batchNormalization({ inputShape: [2, 2, 1] })]);
    images.compile({ backend, loss: "meanSquaredError" });
    const image = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2, 1] };
    expect((await images.trainOnBatch(image, image)).loss).toBeGreaterThan(0);
    images.dispose();
  });

  it("takes any axis for the channels", async () => {
    expect(outputShape(layers.batchNormalization({ axis: 3 }), [2, 2, 3])).toEqual([2, 2, 3]);
    // Two channels first, three numbers each: 1 2 3 and 10 20 30 in two samples that are alike.
    const first = layers.batchNormalization({ axis: 1, epsilon: 0, momentum: 0 });
    const net = sequential([layers.reshape({ targetShape: [2, 1, 3], inputShape: [2, 1, 3] }), first]);
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1e-30 }) });
    const images = { data: Float32Array.of(1, 2, 3, 10, 20, 30, 1, 2, 3, 10, 20, 30), shape: [2, 2, 1, 3] };
    await net.trainOnBatch(images, images);
    const [, , mean, variance] = await net.getWeights();
    expect([...mean!.data]).toEqual([2, 20]);
    expect([...variance!.data].map((value) => value.toFixed(3))).toEqual(["0.667", "66.667"]);
    const { data } = await net.predict(images);
    const slope = Math.sqrt(1.5);
    [-slope, 0, slope, -slope, 0, slope].forEach((value, index) => {
      expect(data[index]).toBeCloseTo(value, 5);
    });
    net.dispose();
    expect(() => outputShape(layers.batchNormalization({ axis: 4 }), [2, 2, 3])).toThrow(
      /axis 4 is no axis of samples \[2,2,3\], which have -1 to -3, or 1 to 3 from the front/,
    );
    expect(() => outputShape(layers.batchNormalization({ axis: 0 }), [2, 2, 3])).toThrow(/axis 0 is no axis/);
  });
});

describe("layerNormalization and groupNormalization", () => {
  it("take any axis for the channels of groups", async () => {
    const first = layers.groupNormalization({ axis: 1, groups: 2, epsilon: 0 });
    const { values } = await outputs(first, [1, 3, 10, 30, 5, 7, 0, 2], [4, 2]);
    expect(values.slice(0, 4)).toEqual(
      (await outputs(layers.groupNormalization({ groups: 1, epsilon: 0 }), [1, 3, 10, 30], [2, 2])).values,
    );
    expect(values.slice(4).map((value) => value.toFixed(3))).toEqual(["0.557", "1.300", "-1.300", "-0.557"]);
  });

  it("normalize the last axis, or several", async () => {
    const exact = { epsilon: 0 };
    expect((await outputs(layers.layerNormalization(exact), [1, 3, 10, 30], [2, 2])).values).toEqual([-1, 1, -1, 1]);
    const both = layers.layerNormalization({ ...exact, axis: [-2, -1] });
    expect((await outputs(both, [1, 3, 9, 21], [2, 2])).values[3]).toBeCloseTo((21 - 8.5) / Math.sqrt(60.75), 4);
    expect(both.weights!.parameters.map(({ shape }) => shape)).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(() => outputShape(layers.layerNormalization({ axis: 1 }), [2, 2])).toThrow(
      /axis is \[1\], expected the last axis/,
    );
  });

  it("normalize groups of channels", async () => {
    const grouped = layers.groupNormalization({ groups: 2, epsilon: 0 });
    expect((await outputs(grouped, [1, 3, 10, 30], [4])).values).toEqual([-1, 1, -1, 1]);
    expect(() => outputShape(layers.groupNormalization({ groups: 3 }), [4])).toThrow(ShapeError);
    expect(outputShape(layers.groupNormalization({ groups: -1 }), [2, 2, 3])).toEqual([2, 2, 3]);
  });
});

describe("convolutions", () => {
  it("depthwise: the kernel of channel c and multiple m makes channel c M + m", async () => {
    const layer = layers.depthwiseConv2d({ kernelSize: 1, depthMultiplier: 2, useBias: false });
    expect(await outputs(layer, [1, 10], [1, 1, 2], [[1, 2, 3, 4]])).toEqual({
      values: [1, 2, 30, 40],
      shape: [1, 1, 4],
    });
  });

  it("separable: depthwise, then pointwise", async () => {
    const layer = layers.separableConv2d({ filters: 1, kernelSize: 1 });
    expect((await outputs(layer, [1, 10], [1, 1, 2], [[2, 3], [1, 10], [0.5]])).values).toEqual([302.5]);
    expect(layer.weights!.parameters.map(({ name }) => name)).toEqual(["depthwise_kernel", "pointwise_kernel", "bias"]);
  });

  it("grouped: each group of channels by itself", async () => {
    const layer = layers.conv2d({ filters: 4, kernelSize: 1, groups: 2, useBias: false });
    const kernel = [1, 2, 3, 4, 5, 6, 7, 8];
    // Kernel [1,1,2,4]: filters 1 and 2 read channels 1 and 2, filters 3 and 4 read channels 3 and 4.
    expect((await outputs(layer, [1, 10, 100, 1000], [1, 1, 4], [kernel])).values).toEqual([51, 62, 7300, 8400]);
    const byChannel = layers.conv2d({ filters: 4, kernelSize: 1, groups: 2, useBias: false });
    expect((await outputs(byChannel, [1, 10], [1, 1, 2], [[1, 2, 3, 4]])).values).toEqual([1, 2, 30, 40]);
    expect(() => outputShape(layers.conv2d({ filters: 4, kernelSize: 1, groups: 3 }), [4, 4, 6])).toThrow(
      /groups is 3, which does not divide the 6 channels of the input and the 4 filters/,
    );
  });

  it.each([
    // Keras' rules: same gives H stride; valid gives (H - 1) stride + max(K, stride).
    [{ kernelSize: 3, strides: 2, padding: "same" }, 4, 8],
    [{ kernelSize: 3, strides: 2, padding: "valid" }, 4, 9],
    [{ kernelSize: 2, strides: 3, padding: "valid" }, 4, 12],
    [{ kernelSize: 3, strides: 2, padding: "same", outputPadding: 0 }, 4, 7],
    [{ kernelSize: 3, strides: 2, padding: "same", outputPadding: 1 }, 4, 8],
    [{ kernelSize: 3, strides: 2, padding: "valid", outputPadding: 1 }, 4, 10],
    [{ kernelSize: 3, strides: 1, padding: "valid", dilationRate: 2 }, 4, 8],
  ] as const)("transposed %j makes %i rows %i", (options, rows, expected) => {
    expect(outputShape(layers.conv2dTranspose({ filters: 5, ...options }), [rows, rows, 2])).toEqual([
      expected,
      expected,
      5,
    ]);
  });

  it("transposed: each number paints the kernel", async () => {
    const valid = layers.conv2dTranspose({ filters: 1, kernelSize: [1, 3], strides: [1, 2], useBias: false });
    expect((await outputs(valid, [1, 10], [1, 2, 1], [[1, 2, 3]])).values).toEqual([1, 2, 13, 20, 30]);
    const same = layers.conv2dTranspose({
      filters: 1,
      kernelSize: [1, 3],
      strides: [1, 2],
      padding: "same",
      useBias: false,
    });
    // As in TensorFlow, "same" pads a convolution of 4 to 2 at the end only: the last column is cut.
    expect((await outputs(same, [1, 10], [1, 2, 1], [[1, 2, 3]])).values).toEqual([1, 2, 13, 20]);
    expect(() => layers.conv2dTranspose({ filters: 1, kernelSize: 3, outputPadding: 1 })).toThrow(
      /below the strides \[1,1\]/,
    );
  });

  it("conv1d is causal on request", async () => {
    const kernel = [[1, 10]];
    const options = { filters: 1, kernelSize: 2, useBias: false } as const;
    expect(await outputs(layers.conv1d(options), [1, 2, 3], [3, 1], kernel)).toEqual({
      values: [21, 32],
      shape: [2, 1],
    });
    expect((await outputs(layers.conv1d({ ...options, padding: "same" }), [1, 2, 3], [3, 1], kernel)).values).toEqual([
      21, 32, 3,
    ]);
    expect((await outputs(layers.conv1d({ ...options, padding: "causal" }), [1, 2, 3], [3, 1], kernel)).values).toEqual(
      [10, 21, 32],
    );
    expect(() => outputShape(layers.conv1d({ filters: 1, kernelSize: 5 }), [3, 1])).toThrow(
      /window of 5 does not fit a sequence of 3/,
    );
    expect(() => outputShape(layers.conv1d(options), [3, 3, 1])).toThrow(/conv1d expects samples \[L,C\]/);
  });
});

describe("pooling", () => {
  it("of sequences and of whole samples", async () => {
    const sequence = [1, 8, 5, 4, 3, 9];
    expect(await outputs(layers.maxPooling1d(), sequence, [6, 1])).toEqual({ values: [8, 5, 9], shape: [3, 1] });
    expect((await outputs(layers.averagePooling1d({ padding: "same", strides: 4 }), sequence, [6, 1])).values).toEqual([
      4.5, 6,
    ]);
    expect(await outputs(layers.globalMaxPooling1d(), sequence, [3, 2])).toEqual({ values: [5, 9], shape: [2] });
    expect((await outputs(layers.globalAveragePooling1d({ keepDims: true }), sequence, [3, 2])).shape).toEqual([1, 2]);
    expect(await outputs(layers.globalMaxPooling2d(), count(8), [2, 2, 2])).toEqual({ values: [7, 8], shape: [2] });
  });
});

describe("merging", () => {
  it.each([
    ["add", [11, 22]],
    ["subtract", [-9, -18]],
    ["multiply", [10, 40]],
    ["average", [5.5, 11]],
    ["maximum", [10, 20]],
    ["minimum", [1, 2]],
    ["concatenate", [1, 2, 10, 20]],
  ] as const)("%s", async (name, expected) => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
    const net = model({ inputs: [a, b], outputs: layers[name]()([a, b]) });
    net.compile({ backend });
    expect([...(await net.predict([[[1, 2]], [[10, 20]]])).data]).toEqual(expected);
    net.dispose();
  });

  it("three at a time, along another axis", async () => {
    const x = input({ shape: [1, 2] });
    const net = model({ inputs: x, outputs: layers.concatenate({ axis: 1 })([x, x, x]) });
    net.compile({ backend });
    expect(await net.predict([[[1, 2]]])).toEqual({ data: Float32Array.of(1, 2, 1, 2, 1, 2), shape: [1, 3, 2] });
    net.dispose();
  });
});

describe("image size", () => {
  it("pads and crops each side", async () => {
    const padded = layers.zeroPadding2d({
      padding: [
        [1, 0],
        [0, 2],
      ],
    });
    expect(await outputs(padded, [1, 2], [1, 2, 1])).toEqual({ values: [0, 0, 0, 0, 1, 2, 0, 0], shape: [2, 4, 1] });
    expect(outputShape(layers.zeroPadding2d(), [3, 3, 1])).toEqual([5, 5, 1]);
    expect(
      await outputs(
        layers.cropping2d({
          cropping: [
            [1, 0],
            [1, 1],
          ],
        }),
        count(6),
        [2, 3, 1],
      ),
    ).toEqual({ values: [5], shape: [1, 1, 1] });
    expect(() => outputShape(layers.cropping2d({ cropping: 1 }), [2, 3, 1])).toThrow(/leave nothing of 2 x 3/);
  });

  it("samples at the centres of pixels", async () => {
    expect((await outputs(layers.upSampling2d({ size: [1, 2] }), [1, 3], [1, 2, 1])).values).toEqual([1, 1, 3, 3]);
    const bilinear = layers.upSampling2d({ size: [1, 2], interpolation: "bilinear" });
    expect((await outputs(bilinear, [1, 3], [1, 2, 1])).values).toEqual([1, 1.5, 2.5, 3]);
    expect((await outputs(layers.resizing({ height: 1, width: 3 }), [1, 2, 3, 4], [1, 4, 1])).values).toEqual([
      1.16667, 2.5, 3.83333,
    ]);
  });

  it("permutes axes counted from 1", async () => {
    expect(await outputs(layers.permute({ dims: [2, 1] }), count(6), [2, 3])).toEqual({
      values: [1, 4, 2, 5, 3, 6],
      shape: [3, 2],
    });
    expect(() => layers.permute({ dims: [0, 1] })).toThrow(/count from 1/);
  });
});

describe("preprocessing", () => {
  it("rescales", async () => {
    expect((await outputs(layers.rescaling({ scale: 2, offset: -1 }), [1, 2], [2])).values).toEqual([1, 3]);
  });

  it("normalizes by given or found statistics", async () => {
    expect((await outputs(layers.normalization({ mean: [1, 2], variance: 4 }), [3, 4], [2])).values).toEqual([1, 1]);
    const found = layers.normalization();
    found.adapt([
      [1, 10],
      [3, 10],
    ]);
    expect((await outputs(found, [2, 11], [2])).values).toEqual([0, 10000000]);
    found.adapt([
      [0, 0],
      [0, 4],
    ]);
    expect((await found.getWeights()).map(({ data }) => [...data])).toEqual([
      [0, 2],
      [0, 4],
    ]);
    expect(() => found.adapt([[1], [2]])).toThrow(/mean has 1 numbers, the samples have 2 channels/);
    expect(() => layers.normalization({ mean: 1 })).toThrow(/both mean and variance/);
  });
});

describe("noise", () => {
  it.each([
    layers.spatialDropout2d({ rate: 0.5 }),
    layers.gaussianNoise({ stddev: 1 }),
    layers.gaussianDropout({ rate: 0.5 }),
  ])("does nothing outside training, %#", async (layer) => {
    expect((await outputs(layer, count(8), [2, 2, 2])).values).toEqual(count(8));
  });

  it("acts in training, each call of a layer by itself", () => {
    const x = input({ shape: [2, 2, 4] });
    const noise = layers.gaussianNoise({ stddev: 1 });
    const net = model({
      inputs: x,
      outputs: layers.add()([noise(x), noise(x), layers.spatialDropout2d({ rate: 0.5 })(x)]),
    });
    const dense = sequential([net, layers.flatten(), layers.dense({ units: 1 })]);
    dense.compile({ backend, loss: "meanSquaredError" });
    const instances = dense.plan({ print: () => undefined }).ops.flatMap(({ attributes }) => attributes.instance ?? []);
    expect(new Set(instances).size).toBe(3);
  });
});

describe("activations", () => {
  const relu6 = (x: number) => Math.min(Math.max(x, 0), 6);
  it.each([
    ["relu", (x: number) => Math.max(x, 0)],
    ["relu6", relu6],
    ["silu", (x: number) => x / (1 + Math.exp(-x))],
    ["softplus", (x: number) => Math.log1p(Math.exp(x))],
    ["softsign", (x: number) => x / (1 + Math.abs(x))],
    ["hardSigmoid", (x: number) => relu6(x + 3) / 6],
    ["hardSilu", (x: number) => (x * relu6(x + 3)) / 6],
    ["leakyRelu", (x: number) => (x < 0 ? 0.3 * x : x)],
    ["elu", (x: number) => (x < 0 ? Math.expm1(x) : x)],
  ] as const)("%s as a layer", async (name, formula) => {
    const { values } = await outputs(layers[name](), [-2, 0, 0.5, 7], [4]);
    [-2, 0, 0.5, 7].forEach((x, index) => {
      expect(values[index]).toBeCloseTo(formula(x), 4);
    });
  });

  it("selu and both forms of gelu by name", async () => {
    const values = async (activation: "selu" | "gelu" | "geluTanh") =>
      (await outputs(layers.activation({ activation }), [-1, 1], [2])).values;
    expect(await values("selu")).toEqual([-1.11133, 1.0507]);
    expect(await values("gelu")).toEqual([-0.15866, 0.84134]);
    expect(await values("geluTanh")).toEqual([-0.15881, 0.84119]);
    expect((await outputs(layers.gelu({ approximate: true }), [1], [1])).values).toEqual([0.84119]);
  });

  it("logSoftmax is exact where probabilities are not, and has the gradient of what it computes", async () => {
    const layer = layers.activation({ activation: "logSoftmax" });
    expect((await outputs(layer, [200, 0, -200], [3])).values).toEqual([0, -200, -400]);
    const rows = (await outputs(layer, [1, 2, 3, 3], [2, 2])).values;
    [-1.31326, -0.31326, -Math.LN2, -Math.LN2].forEach((value, index) => {
      expect(rows[index]).toBeCloseTo(value, 4);
    });

    const net = sequential([layers.input({ shape: [2] }), layers.dense({ units: 3, useBias: false }), layer]);
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 1 }) });
    const [x, y] = [[[0.5, -1]], [[-1, -2, 0.5]]];
    const before = [0.3, -0.2, 0.1, 0.7, 0.4, -0.6];
    const lossAt = async (weights: readonly number[]): Promise<number> => {
      await net.setWeights([{ data: Float32Array.from(weights), shape: [2, 3] }]);
      return (await net.evaluate(x, y, { verbose: 0 })).loss!;
    };
    const slopes: number[] = [];
    for (const index of before.keys()) {
      const moved = (step: number) => before.map((value, at) => (at === index ? value + step : value));
      slopes.push(((await lossAt(moved(0.01))) - (await lossAt(moved(-0.01)))) / 0.02);
    }
    await lossAt(before);
    await net.trainOnBatch(x, y);
    const [after] = await net.getWeights();
    slopes.forEach((slope, index) => {
      expect(before[index]! - after!.data[index]!).toBeCloseTo(slope, 3);
    });
    net.dispose();
  });

  it("prelu has a slope for each number, or one a channel", async () => {
    const all = layers.prelu();
    expect((await outputs(all, [-1, 2, -3, -4], [2, 2], [[0.1, 0.2, 0.3, 0.4]])).values).toEqual([-0.1, 2, -0.9, -1.6]);
    const shared = layers.prelu({ sharedAxes: [1, 2] });
    expect((await outputs(shared, [-1, -1, 3, -4], [1, 2, 2], [[0.5, 2]])).values).toEqual([-0.5, -2, 3, -8]);
    expect(shared.weights!.parameters[0]!.shape).toEqual([1, 1, 2]);
    expect(() => outputShape(layers.prelu({ sharedAxes: [3] }), [2, 2])).toThrow(
      /prelu: sharedAxes: axis 3 is no axis of samples \[2,2\]/,
    );
  });
});
