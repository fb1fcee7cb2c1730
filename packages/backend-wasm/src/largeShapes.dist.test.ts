import { type Layer, layers, optimizers, sequential } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";

const { wasm } = await builtPackage();

/** Shapes that reach the paths which small cases do not: Winograd tiles, bands of rows, groups of channels, packed panels. */
const networks: readonly { name: string; samples: number; input: readonly number[]; layers: () => Layer[] }[] = [
  {
    name: "3x3 behind 3x3, odd sizes, pooling that leaves a row out",
    samples: 5,
    input: [23, 19, 4],
    layers: () => [
      layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu" }),
      layers.conv2d({ filters: 24, kernelSize: 3, activation: "relu" }),
      layers.maxPooling2d(),
    ],
  },
  {
    name: "3x3 with padding, no pooling, tanh and elu",
    samples: 3,
    input: [15, 17, 12],
    layers: () => [
      layers.conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "tanh" }),
      layers.conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "elu" }),
      layers.averagePooling2d({ poolSize: 3 }),
    ],
  },
  {
    name: "3x3 in tiles of four and of two, their gradients behind relu, with and without bias",
    samples: 17,
    input: [14, 13, 8],
    layers: () => [
      layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu" }),
      layers.conv2d({ filters: 24, kernelSize: 3, padding: "same", activation: "relu" }),
      layers.conv2d({ filters: 16, kernelSize: 3, useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: "relu" }),
    ],
  },
  {
    name: "an image of many bands",
    samples: 2,
    input: [70, 75, 3],
    layers: () => [
      layers.conv2d({ filters: 20, kernelSize: 5, padding: "same", activation: "relu" }),
      layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      layers.conv2d({ filters: 18, kernelSize: [3, 2], activation: "leakyRelu" }),
      layers.maxPooling2d({ poolSize: 4 }),
    ],
  },
  {
    name: "many channels, strides and dilation",
    samples: 2,
    input: [14, 14, 64],
    layers: () => [
      layers.conv2d({ filters: 136, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
      layers.conv2d({ filters: 40, kernelSize: 3, dilationRate: 2, activation: "sigmoid" }),
    ],
  },
  {
    name: "1x1 kernels: several blocks of pixels, tails of pixels, taps and channels",
    samples: 5,
    input: [23, 19, 10],
    layers: () => [
      layers.conv2d({ filters: 20, kernelSize: 1, activation: "relu" }),
      layers.conv2d({ filters: 83, kernelSize: 1, activation: "relu6" }),
      layers.conv2d({ filters: 9, kernelSize: 1, useBias: false }),
      layers.batchNormalization(),
      layers.averagePooling2d({ poolSize: 4 }),
    ],
  },
  {
    name: "dense gradients of strided kernels: several chunks of rows, runs that fill no vector, one wide row",
    samples: 3,
    input: [41, 150, 3],
    layers: () => [
      layers.conv2d({ filters: 12, kernelSize: 7, strides: 2, padding: "same", activation: "tanh" }),
      layers.conv2d({ filters: 21, kernelSize: 5, strides: [2, 3], activation: "elu" }),
      layers.conv2d({ filters: 16, kernelSize: [2, 3], dilationRate: [1, 2], activation: "sigmoid" }),
    ],
  },
  {
    name: "wide dense layers and a tail of columns",
    samples: 37,
    input: [6, 6, 20],
    layers: () => [
      layers.flatten(),
      layers.dense({ units: 301, activation: "relu" }),
      layers.dense({ units: 130, activation: "tanh" }),
    ],
  },
];

/** The weights before and after one step with a learning rate of 1: their difference is the gradient. */
async function step(backend: Backend, { samples, input, layers: body }: (typeof networks)[number]) {
  const pixels = input.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: samples * pixels }, (_, i) => Math.sin(i * 12.9898) * 0.8);
  const labels = Int32Array.from({ length: samples }, (_, i) => (i * 7) % 5);
  const model = sequential(
    [layers.input({ shape: input }), ...body(), layers.flatten(), layers.dense({ units: 5, activation: "softmax" })],
    { seed: 4 },
  );
  model.compile({ backend, optimizer: optimizers.sgd({ learningRate: 1 }), loss: "sparseCategoricalCrossentropy" });
  const before = await model.getWeights();
  const images = { data, shape: [samples, ...input] };
  const { history } = await model.fit(images, labels, { batchSize: samples, epochs: 1, verbose: 0, shuffle: false });
  const after = await model.getWeights();
  return {
    loss: history.loss![0]!,
    gradients: after.map((tensor, index) => tensor.data.map((value, at) => before[index]!.data[at]! - value)),
  };
}

it.each(networks)("agrees with the reference: $name", async (network) => {
  const backend = await wasm({ threads: 2, shortRunsInline: false });
  try {
    const [actual, expected] = [await step(backend, network), await step(await reference(), network)];
    expect(actual.loss).toBeCloseTo(expected.loss, 4);
    expected.gradients.forEach((gradient, index) => {
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const off = gradient.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - actual.gradients[index]![at]!)),
        0,
      );
      // Weights near 0.3 lose what lies below 2^-25 of 1 when the gradient is read off them.
      expect(off, `parameter ${index}, largest gradient ${largest}`).toBeLessThan(1e-4 * largest + 1e-7);
    });
  } finally {
    await backend.dispose();
  }
});

it("pools overlapping windows to the same whether a task has all rows, some at a time, or a few", async () => {
  const samples = 16;
  const input = [40, 37, 2];
  const data = Float32Array.from({ length: samples * 2960 }, (_, i) => Math.sin(i * 12.9898) * 0.8);
  const images = { data, shape: [samples, ...input] };
  const labels = Int32Array.from({ length: samples }, (_, i) => (i * 7) % 5);
  const backend = await wasm({ threads: 2, shortRunsInline: false });
  /** Outputs, and the weights after one update with the mean of all gradients. */
  const results = async (on: Backend, batchSize: number) => {
    const body = [
      layers.conv2d({ filters: 64, kernelSize: 3, padding: "same", activation: "relu", inputShape: input }),
      layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 5, activation: "softmax" }),
    ];
    const model = sequential(body, { seed: 4 });
    const steps = samples / batchSize;
    const accumulation = steps > 1 ? { gradientAccumulationSteps: steps } : {};
    const optimizer = optimizers.sgd({ learningRate: 1, ...accumulation });
    model.compile({ backend: on, optimizer, loss: "sparseCategoricalCrossentropy" });
    const outputs = (await model.predict(images, { batchSize })).data;
    await model.fit(images, labels, { batchSize, epochs: 1, verbose: 0, shuffle: false });
    return { outputs, weights: (await model.getWeights()).map((tensor) => tensor.data) };
  };
  try {
    const [together, apart] = [await results(backend, samples), await results(backend, 1)];
    const expected = await results(await reference(), samples);
    const off = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
    expect(off(together.outputs, expected.outputs)).toBeLessThan(1e-6);
    expect(off(apart.outputs, expected.outputs)).toBeLessThan(1e-6);
    // Positions of maxima are those of the same outputs: only sums over samples are rounded apart.
    together.weights.forEach((weights, index) => {
      expect(off(weights, apart.weights[index]!)).toBeLessThan(1e-6);
    });
  } finally {
    await backend.dispose();
  }
});
