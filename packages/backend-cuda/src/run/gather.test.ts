import { type Layer, layers, sequential } from "@convoy/core";
import {
  type Backend,
  type DeviceBuffer,
  DeviceError,
  type Plan,
  type PlanOp,
  type StepTable,
  stepBytes,
  stepLayout,
} from "@convoy/core/backend";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { afterEach, describe, expect, it } from "vitest";
import { cuda, type Precision } from "../index.js";
import { countsOf, findEmulator, setEmulator } from "../testing/emulator.js";
import { relativeDifference } from "../testing/singleOp.js";
import type { CudaExecutable } from "./executable.js";

const { library, note } = findEmulator();
const samples = 18;
/** With a tail of 2. */
const defaultBatch = 8;

/** The plan with an op that changes nothing between its gathers and what reads the batch, which then cannot gather. */
function withGap(plan: Plan): Plan {
  const id = 1 + Math.max(...plan.values.map((value) => value.id));
  const spare = { id, label: "spare", shape: [1], dtype: "float32", buffer: "spare", byteOffset: 0 } as const;
  const gap: PlanOp = {
    op: "unary",
    attributes: { function: "relu", alpha: 0 },
    inputs: [id],
    outputs: [id],
    updates: [],
    label: "gap",
    flops: 0,
    bytes: 0,
  };
  const at = plan.ops.findIndex(({ op }) => op !== "gatherRows" && op !== "fusedGatherRows");
  return {
    ...plan,
    values: [...plan.values, spare],
    ops: [...plan.ops.slice(0, at), gap, ...plan.ops.slice(at)],
    buffers: { ...plan.buffers, spare: { dtype: "float32", length: 1 } },
  };
}

interface Network {
  readonly stack: () => readonly Layer[];
  /** Whether images are numbers rather than bytes. */
  readonly floats?: boolean;
  /** Shape of an image as the network takes it; default [28,28,1]. */
  readonly image?: readonly number[];
  /** Default 8. */
  readonly batchSize?: number;
  /** Whether the first layer reads other rows than the batch has, so that it cannot gather. */
  readonly otherRows?: boolean;
}

interface Numbers {
  readonly loss: readonly number[];
  readonly evaluated: Readonly<Record<string, number>>;
  readonly predicted: Float32Array;
  readonly weights: readonly Float32Array[];
}

interface Ran {
  /** The first kernels of each plan. */
  readonly begin: readonly string[];
  readonly numbers: Numbers;
}

/** Two epochs of a network with tail batches, evaluation and prediction. */
async function train(network: Network, backend: Backend): Promise<Numbers> {
  const { stack, floats = false, image = [28, 28, 1], batchSize = defaultBatch } = network;
  const { images, labels } = syntheticDigits({ samples, seed: 5 });
  const numbers = { data: Float32Array.from(images.data, (byte) => byte / 200) };
  const x = { ...(floats ? numbers : images), shape: [samples, ...image] };
  const model = sequential([...stack(), layers.dense({ units: 10, activation: "softmax" })], { seed: 3 });
  model.compile({ backend, optimizer: "sgd", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const sampleWeight = Float32Array.from({ length: samples }, (_, index) => 1 + (index % 3));
  const { history } = await model.fit(x, labels, { epochs: 2, batchSize, sampleWeight, verbose: 0 });
  const evaluated = await model.evaluate(x, labels, { batchSize, verbose: 0 });
  const predicted = await model.predict(x, { batchSize });
  const weights = await model.getWeights();
  model.dispose();
  await backend.dispose();
  return { loss: history.loss!, evaluated, predicted: predicted.data, weights: weights.map((tensor) => tensor.data) };
}

/** The same on the emulator, with a gap or without. */
async function run(network: Network, precision: Precision, gap: boolean): Promise<Ran> {
  const backend = await cuda({ library: library!, precision });
  const compile = backend.compile.bind(backend);
  const begin: string[] = [];
  backend.compile = async (plan, buffers, ...rest) => {
    const spare = backend.createBuffer("spare", { dtype: "float32", length: 1 });
    const executable = await (gap ? compile(withGap(plan), { ...buffers, spare }, ...rest) : compile(plan, buffers));
    const kernels = (executable as CudaExecutable).kernels;
    begin.push(`${plan.mode} ${plan.batchSize}: ${kernels.slice(0, gap ? 3 : network.otherRows ? 2 : 1).join(", ")}`);
    return executable;
  };
  return { numbers: await train(network, backend), begin };
}

const inputShape = [28, 28, 1] as const;
const conv = (filters: number, options: object) =>
  layers.conv2d({ filters, kernelSize: 3, strides: 3, inputShape, ...options });
const networks: { readonly [name: string]: Network } = {
  "conv, relu, pool": {
    stack: () => [conv(6, { strides: 2, activation: "relu" }), layers.maxPooling2d({ poolSize: 2 }), layers.flatten()],
  },
  "padded conv of many filters, no bias": {
    stack: () => [conv(40, { padding: "same", useBias: false }), layers.globalAveragePooling2d()],
  },
  "padded conv of many filters, pool": {
    stack: () => [conv(40, { padding: "same" }), layers.maxPooling2d({ poolSize: 2 }), layers.flatten()],
  },
  "padded conv, batch normalization, relu": {
    stack: () => [
      conv(40, { padding: "same", useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: "relu" }),
      layers.globalAveragePooling2d(),
    ],
  },
  "conv of numbers": { stack: () => [conv(6, { activation: "relu" }), layers.flatten()], floats: true },
  "rescaled, padded conv": {
    stack: () => [
      layers.rescaling({ scale: 1 / 90, offset: -0.75, inputShape }),
      conv(6, { padding: "same", activation: "relu" }),
      layers.flatten(),
    ],
  },
  "rescaled, dense": {
    stack: () => [
      layers.rescaling({ scale: 1 / 90, offset: -0.75, inputShape }),
      layers.flatten(),
      layers.dense({ units: 9, activation: "relu" }),
    ],
  },
  dense: { stack: () => [layers.flatten({ inputShape }), layers.dense({ units: 9, activation: "relu" })] },
  "reshape, conv": {
    stack: () => [layers.reshape({ targetShape: inputShape, inputShape: [784] }), conv(6, {}), layers.flatten()],
    image: [784],
  },
  "reshape to channels, padded conv, pool": {
    stack: () => [
      layers.reshape({ targetShape: [14, 8, 7], inputShape }),
      conv(6, { padding: "same", activation: "relu", inputShape: undefined }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
    ],
  },
  "dense over one line": {
    stack: () => [layers.dense({ units: 9, activation: "relu", inputShape: [1, 784] }), layers.flatten()],
    image: [1, 784],
  },
  "conv, batches of 1": { stack: () => [conv(6, { activation: "relu" }), layers.flatten()], batchSize: 1 },
  "dense over lines": {
    stack: () => [layers.dense({ units: 3, activation: "relu", inputShape: [28, 28] }), layers.flatten()],
    image: [28, 28],
    otherRows: true,
  },
  "dense over lines, batches of 1": {
    stack: () => [layers.dense({ units: 3, activation: "relu", inputShape: [28, 28] }), layers.flatten()],
    image: [28, 28],
    batchSize: 1,
    otherRows: true,
  },
  "dense over pixels of numbers": {
    stack: () => [layers.dense({ units: 2, activation: "relu", inputShape: [14, 14, 4] }), layers.flatten()],
    image: [14, 14, 4],
    floats: true,
    otherRows: true,
  },
  "reshape, dense over lines": {
    stack: () => [
      layers.reshape({ targetShape: [16, 49], inputShape }),
      layers.dense({ units: 3, activation: "relu" }),
      layers.flatten(),
    ],
    otherRows: true,
  },
};

describe.skipIf(library === undefined)(`gathering launches on the emulator${note}`, () => {
  /** Kernels seen, by name. */
  const gathering = new Set<string>();
  afterEach(() => setEmulator(library!, { multiprocessors: 4 }));

  for (const [name, network] of Object.entries(networks)) {
    for (const precision of ["float32", "tf32"] as const) {
      for (const multiprocessors of [1, 132]) {
        it(`${name}: the same bits as with a gather apart, ${precision}, ${multiprocessors} multiprocessors`, async () => {
          setEmulator(library!, { multiprocessors });
          const together = await run(network, precision, false);
          const apart = await run(network, precision, true);
          expect(together.begin.length).toBeGreaterThan(2);
          const { otherRows } = network;
          const start = otherRows ? ": gatherRows, conv2d" : ": gatherConv2d";
          expect(together.begin.filter((kernels) => !kernels.includes(start))).toEqual([]);
          expect(apart.begin).toEqual(
            together.begin.map((kernels) => kernels.replace(start, ": gatherRows, unary, conv2d")),
          );
          for (const kernels of otherRows ? [] : together.begin) {
            gathering.add(kernels.split(": ")[1]!);
          }
          expect(together.numbers).toEqual(apart.numbers);
          expect(countsOf(library!).reports).toBe(0);
        }, 60_000);
      }
    }
  }

  it.each(Object.entries(networks))("%s: the reference's numbers", async (_, network) => {
    const { numbers } = await run(network, "float32", false);
    const { loss, evaluated, predicted, weights } = await train(network, await reference());
    expect(relativeDifference(numbers.loss, loss)).toBeLessThan(1e-5);
    expect(numbers.evaluated.loss).toBeCloseTo(evaluated.loss!, 4);
    expect(numbers.evaluated.accuracy).toBe(evaluated.accuracy);
    expect(relativeDifference(numbers.predicted, predicted)).toBeLessThan(1e-4);
    numbers.weights.forEach((values, index) => {
      expect(relativeDifference(values, weights[index]!)).toBeLessThan(1e-4);
    });
  });

  it("all gathering kernels have run", () => {
    expect(gathering.size).toBe(12);
  });

  it("a dense layer that runs with its loss leaves the gather alone", async () => {
    const { begin } = await run({ stack: () => [layers.flatten({ inputShape })] }, "float32", false);
    const train = begin.filter((kernels) => kernels.startsWith("train"));
    expect(new Set(train)).toEqual(new Set(["train 8: gatherRows", "train 2: gatherRows"]));
  });

  it("reports a row that does not exist", async () => {
    const backend = await cuda({ library: library! });
    const compile = backend.compile.bind(backend);
    let training: { readonly plan: Plan; readonly buffers: Readonly<Record<string, DeviceBuffer>> } | undefined;
    backend.compile = (plan, buffers, ...rest) => {
      training ??= { plan, buffers };
      return compile(plan, buffers, ...rest);
    };
    const { images, labels } = syntheticDigits({ samples, seed: 5 });
    const model = sequential([
      conv(4, {}),
      layers.flatten(),
      layers.dense({ units: 9, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ]);
    model.compile({ backend, loss: "sparseCategoricalCrossentropy" });
    await model.fit(images, labels, {
      epochs: 1,
      batchSize: defaultBatch,
      verbose: 0,
      callbacks: [{ onTrainEnd: lateStep }],
    });

    // While the data set is still on the device.
    async function lateStep(): Promise<void> {
      const { plan, buffers } = training!;
      const executable = await compile(plan, buffers);
      expect((executable as CudaExecutable).kernels[0]).toMatch(/^gatherConv2d/);
      const words = new Uint32Array(stepBytes / 4);
      words[stepLayout.batchStart] = samples - 3;
      const late: StepTable = { count: 1, bytes: new Uint8Array(words.buffer) };
      await expect(executable.run(late)).rejects.toThrow(DeviceError);
      await expect(executable.run(late)).rejects.toThrow(/a step asked for row \d+ of a tensor that has no such row/);
    }
    expect.assertions(3);
    await backend.dispose();
  });
});
