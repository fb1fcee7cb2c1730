import { layers, type Model, model, optimizers, input as symbolicInput } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WasmBackend } from "./index.js";
import { builtPackage } from "./testing/builtPackage.js";

const { wasm } = await builtPackage();

const samples = 6;
const shape = [45, 43, 12];

/** Residual blocks whose convolutions take every path, and more rows of activations than one task has. */
function network(): Model<unknown> {
  const x = symbolicInput({ shape });
  const relu = layers.relu;
  const norm = layers.batchNormalization;
  const tiled = relu()(norm()(layers.conv2d({ filters: 24, kernelSize: 3, padding: "same", useBias: false })(x)));
  const depth = layers.depthwiseConv2d({ kernelSize: 3, padding: "same", useBias: false })(tiled);
  const clipped = layers.activation({ activation: "relu6" })(norm({ scale: false })(depth));
  const mixed = norm()(layers.conv2d({ filters: 21, kernelSize: 1 })(clipped));
  const shortcut = norm({ center: false })(layers.conv2d({ filters: 21, kernelSize: 1, useBias: false })(x));
  const block = relu()(layers.add()([mixed, shortcut]));
  const strided = norm()(layers.conv2d({ filters: 16, kernelSize: 5, strides: 2 })(block));
  const wide = layers.depthwiseConv2d({ kernelSize: 5, depthMultiplier: 2, activation: "tanh" })(relu()(strided));
  const same = norm()(layers.conv2d({ filters: 32, kernelSize: 3, padding: "same", useBias: false })(wide));
  const end = relu()(layers.add()([wide, same]));
  const pooled = layers.globalAveragePooling2d()(layers.maxPooling2d()(end));
  return model({ inputs: x, outputs: layers.dense({ units: 5, activation: "softmax" })(pooled), seed: 3 });
}

function compiled(backend: Backend): Model<unknown> {
  const net = network();
  const optimizer = optimizers.sgd({ learningRate: 0.05 });
  net.compile({ backend, optimizer, loss: "sparseCategoricalCrossentropy" });
  return net;
}

const pixels = shape.reduce((product, size) => product * size, samples);
const x = {
  data: Float32Array.from({ length: pixels }, (_, i) => Math.sin(i * 78.233) + 0.3),
  shape: [samples, ...shape],
};
const y = { data: Int32Array.from({ length: samples }, (_, i) => (i * 7) % 5), shape: [samples] };

/** Losses of two steps, the weights behind them, moving averages among those, and predictions. */
async function trained(backend: Backend): Promise<Map<string, number[]>> {
  const net = compiled(backend);
  const found = new Map<string, number[]>();
  for (const step of [1, 2]) {
    found.set(`loss ${step}`, Object.values(await net.trainOnBatch(x, y)));
  }
  for (const [index, { data }] of (await net.getWeights()).entries()) {
    found.set(`weight ${index}`, [...data]);
  }
  found.set("predictions", [...((await net.predict(x)) as { data: Float32Array }).data]);
  net.dispose();
  return found;
}

/** The backend, but with memory of its own for every output. */
function apart(backend: Backend): Backend {
  return new Proxy(backend, {
    get(target, name) {
      const value: unknown = name === "inPlace" ? () => [] : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("a network of convolutions and batch normalizations", () => {
  let backends: WasmBackend[];
  beforeAll(async () => {
    backends = await Promise.all([1, 2, 3].map((threads) => wasm({ threads, shortRunsInline: false })));
  });
  afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

  it("trains and predicts as on the reference, to the same bits whatever the threads", async () => {
    const [one, ...others] = await Promise.all(backends.map(trained));
    for (const other of others) {
      expect(other).toEqual(one);
    }
    for (const [what, expected] of await trained(await reference())) {
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const off = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - one!.get(what)![at]!)), 0);
      expect(off, `${what}, largest ${largest}`).toBeLessThan(1e-5 * Math.max(largest, 0.1));
    }
  });

  it("comes to the same bits where it writes outputs over inputs as where it does not", async () => {
    const plan = compiled(backends[2]!).plan({ mode: "train", batchSize: samples, print: () => undefined });
    const over = plan.ops.filter(({ inPlace }) => inPlace !== undefined).map(({ op }) => op);
    expect(over).toContain("fusedBatchNorm");
    expect(over).toContain("fusedBatchNormBackward");
    expect(await trained(backends[2]!)).toEqual(await trained(apart(backends[2]!)));
  });

  /** How often each kernel is launched. */
  function launches(mode: "train" | "predict"): Record<string, number> {
    const net = compiled(backends[0]!);
    const program = backends[0]!.formatProgram(net.plan({ mode, batchSize: samples, print: () => undefined }));
    const counts: Record<string, number> = {};
    for (const [, kernel] of program.matchAll(/^ {2}(\w+), \d+ tasks?:/gm)) {
      counts[kernel!] = (counts[kernel!] ?? 0) + 1;
    }
    return counts;
  }

  it("predicts without a pass over activations that is not a convolution's", () => {
    expect(launches("predict")).toEqual({
      gatherRows: 1,
      foldedBias: 6,
      foldedKernel: 1,
      conv2dWinogradNormalizedFilters: expect.any(Number),
      conv2dWinograd: expect.any(Number),
      depthwiseConv2d: 1,
      depthwiseConv2dDirect: 1,
      packNormalizedPanels: 3,
      conv2d: 1,
      averagePool2d: 1,
      matMul: 3,
      softmax: 1,
      storeRows: 1,
    });
  });

  it("trains with two passes for each normalization forward, and two backward", () => {
    const counts = launches("train");
    expect(counts).toMatchObject({
      batchNormMoments: 6,
      batchNormStatistics: 6,
      normalize: 6,
      batchNormGradients: 6,
      batchNormBackwardInput: 6,
    });
    const { batchNormMaskedSums = 0, batchNormBackwardSums = 0 } = counts;
    expect(batchNormMaskedSums + batchNormBackwardSums).toBe(6);
    // What is left: the function behind the pooling, and the gradients of the two uses of tanh, which no normalization has.
    expect(counts).toMatchObject({ maxPool2d: 1, unary: 1, add: 1 });
    for (const kernel of ["movingAverage", "biasAdd"]) {
      expect(counts).not.toHaveProperty(kernel);
    }
  });
});
