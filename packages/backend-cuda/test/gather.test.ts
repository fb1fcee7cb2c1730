import { type Layer, layers, sequential } from "@convoy/core";
import {
  type DeviceBuffer,
  DeviceError,
  type Plan,
  type PlanOp,
  type StepTable,
  stepBytes,
  stepLayout,
} from "@convoy/core/backend";
import { syntheticDigits } from "@convoy/core/datasets";
import { afterEach, describe, expect, it } from "vitest";
import type { CudaExecutable } from "../src/executable.js";
import { cuda, type Precision } from "../src/index.js";
import { countsOf, findEmulator, setEmulator } from "./emulator.js";

const { library, note } = findEmulator();
const samples = 18;
const batchSize = 8;

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
  const at = plan.ops.findIndex(({ op }) => op !== "gatherRows");
  return {
    ...plan,
    values: [...plan.values, spare],
    ops: [...plan.ops.slice(0, at), gap, ...plan.ops.slice(at)],
    buffers: { ...plan.buffers, spare: { dtype: "float32", length: 1 } },
  };
}

interface Network {
  readonly stack: readonly Layer[];
  /** Whether images are numbers rather than bytes. */
  readonly floats?: boolean;
}

interface Ran {
  /** The first kernels of each plan. */
  readonly begin: readonly string[];
  readonly numbers: unknown;
}

/** Two epochs of a network with tail batches, evaluation and prediction. */
async function run({ stack, floats = false }: Network, precision: Precision, gap: boolean): Promise<Ran> {
  const backend = await cuda({ library: library!, precision });
  const compile = backend.compile.bind(backend);
  const begin: string[] = [];
  backend.compile = async (plan, buffers, ...rest) => {
    const spare = backend.createBuffer("spare", { dtype: "float32", length: 1 });
    const executable = await (gap ? compile(withGap(plan), { ...buffers, spare }, ...rest) : compile(plan, buffers));
    const kernels = (executable as CudaExecutable).kernels;
    begin.push(`${plan.mode} ${plan.batchSize}: ${kernels.slice(0, gap ? 3 : 1).join(", ")}`);
    return executable;
  };
  const { images, labels } = syntheticDigits({ samples, seed: 5 });
  const x = floats ? { shape: images.shape, data: Float32Array.from(images.data, (byte) => byte / 200) } : images;
  const model = sequential([...stack, layers.dense({ units: 10, activation: "softmax" })], { seed: 3 });
  model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const sampleWeight = Float32Array.from({ length: samples }, (_, index) => 1 + (index % 3));
  const { history } = await model.fit(x, labels, { epochs: 2, batchSize, sampleWeight, verbose: 0 });
  const evaluated = await model.evaluate(x, labels, { batchSize, verbose: 0 });
  const predicted = await model.predict(x);
  const weights = await model.getWeights();
  model.dispose();
  await backend.dispose();
  return { begin, numbers: { history, evaluated, predicted, weights } };
}

const inputShape = [28, 28, 1] as const;
const conv = (filters: number, options: object) =>
  layers.conv2d({ filters, kernelSize: 3, strides: 3, inputShape, ...options });
const networks: { readonly [name: string]: Network } = {
  "conv, relu, pool": {
    stack: [conv(6, { strides: 2, activation: "relu" }), layers.maxPooling2d({ poolSize: 2 }), layers.flatten()],
  },
  "padded conv of many filters, no bias": {
    stack: [conv(40, { padding: "same", useBias: false }), layers.globalAveragePooling2d()],
  },
  "padded conv of many filters, pool": {
    stack: [conv(40, { padding: "same" }), layers.maxPooling2d({ poolSize: 2 }), layers.flatten()],
  },
  "conv of numbers": { stack: [conv(6, { activation: "relu" }), layers.flatten()], floats: true },
  dense: { stack: [layers.flatten({ inputShape }), layers.dense({ units: 9, activation: "relu" })] },
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
          expect(together.begin.filter((kernels) => !kernels.includes(": gatherConv2d"))).toEqual([]);
          expect(apart.begin).toEqual(
            together.begin.map((kernels) => kernels.replace("gatherConv2d", "gatherRows, unary, conv2d")),
          );
          for (const kernels of together.begin) {
            gathering.add(kernels.split(": ")[1]!);
          }
          expect(together.numbers).toEqual(apart.numbers);
          expect(countsOf(library!).reports).toBe(0);
        }, 60_000);
      }
    }
  }

  it("all gathering kernels have run", () => {
    expect(gathering.size).toBe(12);
  });

  it("a dense layer that runs with its loss leaves the gather alone", async () => {
    const { begin } = await run({ stack: [layers.flatten({ inputShape })] }, "float32", false);
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
    await model.fit(images, labels, { epochs: 1, batchSize, verbose: 0, callbacks: [{ onTrainEnd: lateStep }] });

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
