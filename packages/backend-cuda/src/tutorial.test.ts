import { applications, optimizers, type Sequential } from "@convoy/core";
import {
  type Backend,
  type DeviceBuffer,
  type Plan,
  type StepTable,
  stepBytes,
  stepLayout,
  typedArrays,
} from "@convoy/core/backend";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { beforeAll, describe, expect, it } from "vitest";
import { cuda, type Precision } from "./index.js";
import type { CudaExecutable } from "./run/executable.js";
import { countsOf, findEmulator } from "./testing/emulator.js";
import { relativeDifference } from "./testing/singleOp.js";

const { library, note } = findEmulator();
const batchSize = 8;

/** tutorial, compiled. The epsilon keeps Adam from making a full step out of a gradient that is all rounding. */
function tutorial(backend: Backend): Sequential {
  const model = applications.tutorial({ seed: 1 });
  const optimizer = optimizers.adam({ epsilon: 1e-3 });
  model.compile({ backend, optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

interface Trained {
  readonly losses: readonly number[];
  readonly weights: Float32Array;
}

async function trained(backend: Backend, steps: number): Promise<Trained> {
  const { images, labels } = syntheticDigits({ samples: steps * batchSize, seed: 5 });
  const model = tutorial(backend);
  const { history } = await model.fit(images, labels, { epochs: 1, batchSize, verbose: 0 });
  const weights = await model.getWeights();
  model.dispose();
  return { losses: history.loss!, weights: Float32Array.from(weights.flatMap(({ data }) => [...data])) };
}

/** The plan of a training step as the model lowers it for the backend, over three batches. */
async function trainingPlan(backend: Backend, batchSize: number): Promise<Plan> {
  const compile = backend.compile.bind(backend);
  const plans: Plan[] = [];
  backend.compile = (plan, ...rest) => {
    plans.push(plan);
    return compile(plan, ...rest);
  };
  const { images, labels } = syntheticDigits({ samples: 3 * batchSize, seed: 5 });
  const model = tutorial(backend);
  await model.fit(images, labels, { epochs: 1, batchSize, verbose: 0 });
  model.dispose();
  backend.compile = compile;
  return plans.find(({ mode }) => mode === "train")!;
}

/** Buffers for a plan: small random weights, images of stripes, each with its own label. */
function filledBuffers(backend: Backend, plan: Plan): Record<string, DeviceBuffer> {
  const arena = backend.createBuffer("arena", { dtype: "uint8", length: plan.arenaBytes });
  const buffers: Record<string, DeviceBuffer> = { arena };
  let random = 1;
  for (const [name, { dtype, length }] of Object.entries(plan.buffers)) {
    const next = (): number => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return random / 2 ** 32;
    };
    const content = new typedArrays[dtype](length).map((_, index) => {
      const values: Record<string, number> = {
        parameters: next() * 0.2 - 0.1,
        inputs: index % 7 === Math.floor(index / 784) ? 255 : 0,
        labels: index % 10,
        order: (index * 5 + 1) % length,
      };
      return values[name] ?? 0;
    });
    buffers[name] = backend.createBuffer(name, { dtype, length });
    buffers[name].write(content);
  }
  return buffers;
}

/** Steps over three batches in turn. */
function stepTable(count: number, batchSize: number): StepTable {
  const bytes = new Uint8Array(count * stepBytes);
  for (let row = 0; row < count; row++) {
    const view = new DataView(bytes.buffer, row * stepBytes, stepBytes);
    view.setUint32(stepLayout.iteration * 4, row, true);
    view.setUint32(stepLayout.batchStart * 4, (row % 3) * batchSize, true);
    view.setFloat32(stepLayout.learningRate * 4, 0.001, true);
    view.setFloat32(stepLayout.stepSize * 4, 0.002, true);
  }
  return { count, bytes };
}

describe.skipIf(library === undefined)(`tutorial on the emulator${note}`, () => {
  let expected: Trained;
  beforeAll(async () => {
    const backend = await reference();
    expected = await trained(backend, 3);
    await backend.dispose();
  }, 120_000);

  const limits: readonly (readonly [Precision, number])[] = [
    ["float32", 1e-5],
    ["tf32", 1e-3],
  ];
  for (const [precision, limit] of limits) {
    it(`three steps equal the reference's in ${precision}`, async () => {
      const backend = await cuda({ library: library!, precision });
      const actual = await trained(backend, 3);
      await backend.dispose();
      expect(relativeDifference(actual.losses, expected.losses)).toBeLessThan(limit);
      expect(relativeDifference(actual.weights, expected.weights)).toBeLessThan(limit);
    }, 120_000);
  }

  it("a training step is eleven kernels, captured once and replayed", async () => {
    const backend = await cuda({ library: library! });
    const plan = await trainingPlan(backend, 2);
    const buffers = filledBuffers(backend, plan);
    const executable = await backend.compile(plan, buffers);
    const { kernels } = executable as CudaExecutable;
    expect(kernels).toHaveLength(11);
    expect(backend.launches!(plan)).toBe(11);
    expect(kernels[0]).toMatch(/^gatherConv2dPooled/);

    const state = ["parameters", "slot0", "slot1"].map((name) => buffers[name]!);
    const start = await Promise.all(state.map((buffer) => buffer.read()));
    const run = async (tables: readonly StepTable[]) => {
      state.forEach((buffer, index) => {
        buffer.write(start[index]!);
      });
      const reported = await Promise.all(tables.map((table) => executable.run(table)));
      return {
        losses: reported.flatMap((numbers) => [...numbers]),
        state: await Promise.all(state.map((buffer) => buffer.read())),
      };
    };
    const table = stepTable(100, 2);
    const before = countsOf(library!).graphLaunches;
    const first = await run([table]);
    // Sixteen steps a launch, and the rest one by one.
    expect(countsOf(library!).graphLaunches - before).toBe(6 + 4);
    expect(first.losses).toHaveLength(200);
    expect(first.losses[198]).toBeLessThan(first.losses[0]! / 2);
    // The same steps in several runs, the next started before the last is done.
    const part = (from: number, to: number): StepTable => ({
      count: to - from,
      bytes: table.bytes.slice(from * stepBytes, to * stepBytes),
    });
    expect(await run([part(0, 1), part(1, 38), part(38, 100)])).toEqual(first);
    expect(countsOf(library!).reports).toBe(0);
    await backend.dispose();
  }, 300_000);
});
