import { wasm } from "@convoy/backend-wasm";
import { type Backend, BackendUnavailableError } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { describe, expect, it } from "vitest";
import { type ModelName, syntheticShape } from "../networks/models.js";
import { BackendParticipant } from "../participants/backendParticipant.js";
import { syntheticImages } from "../training/syntheticImages.js";
import { buildModel, countOf, type Workload } from "../training/workload.js";
import { type PeerName, peers } from "./peers.js";
import { findPython } from "./python.js";

const torch = await findPython().then(
  () => "",
  (error: Error) => ` (skipped: ${error.message})`,
);

function workloadOf(model: ModelName, steps: number, batchSize: number): Workload {
  const shape = syntheticShape(model) as [number, number, number];
  const draw = (samples: number, seed: number) =>
    shape.join() === "28,28,1" ? syntheticDigits({ samples, seed }) : syntheticImages(samples, shape, seed);
  const data = { train: draw(steps * batchSize, 1), test: draw(6, 2) };
  return { model, dataset: "synthetic", ...data, batchSize, seed: 5, threads: 1 };
}

async function lossesOf(backend: Backend, workload: Workload): Promise<readonly number[]> {
  const participant = new BackendParticipant(backend, workload);
  try {
    return (await participant.train({ epochs: 1 })).losses;
  } finally {
    await participant.close();
  }
}

async function open(name: PeerName, workload: Workload) {
  return peers[name].open({ ...workload, weights: await buildModel(workload).getWeights() });
}

/** How far losses are from others, relatively, at most. */
function distance(losses: readonly number[], others: readonly number[]): number {
  expect(losses).toHaveLength(others.length);
  return Math.max(...losses.map((loss, step) => Math.abs(loss - others[step]!) / Math.abs(others[step]!)));
}

it("quotes what TensorFlow.js' WASM backend says about training, and measures its evaluation", async () => {
  const library = await open("tfjs-wasm", workloadOf("tutorial", 1, 2));
  await expect(library.trainSteps(0, 1)).rejects.toThrow(
    "Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'",
  );
  expect(library.device).toMatch(/^TensorFlow\.js 4\.\d+\.\d+ wasm/);
  const { hits, durationMs } = await library.evaluate(6);
  expect(hits).toBeGreaterThanOrEqual(0);
  expect(durationMs).toBeGreaterThan(0);
  await library.dispose();
});

it("trains on TensorFlow.js' plain backend as Convoy does, from the same weights", async () => {
  const workload = workloadOf("simple", 3, 1);
  const library = await open("tfjs-cpu", workload);
  const { losses, durationsMs } = await library.trainSteps(0, 3);
  await library.dispose();
  // Its Adam adds epsilon to the corrected second moment, Keras' to the one before.
  expect(distance(losses, await lossesOf(await reference(), workload))).toBeLessThan(1e-3);
  expect(Math.min(...durationsMs)).toBeGreaterThan(0);
});

describe.skipIf(torch !== "")(`PyTorch${torch}`, () => {
  it.each([
    ["tutorial", 8],
    ["simple", 64],
  ] as const)(
    "has the same losses in the first 20 steps of %s as the reference and WASM",
    { timeout: 60_000 },
    async (model, batch) => {
      const workload = workloadOf(model, 20, batch);
      const library = await open("pytorch", workload);
      const { losses } = await library.trainSteps(0, 20);
      expect(library.device).toMatch(/^PyTorch .* CPU, 1 threads, channels (first|last)$/);
      expect(await library.peakMemoryBytes?.()).toBeGreaterThan(0);
      await library.dispose();
      expect(distance(await lossesOf(await reference(), workload), losses)).toBeLessThan(1e-4);
      expect(distance(await lossesOf(await wasm({ threads: 1 }), workload), losses)).toBeLessThan(1e-4);
    },
  );

  it.each(["lenet5", "strided", "resnet20"] as const)("trains %s as WASM does", { timeout: 120_000 }, async (model) => {
    const workload = workloadOf(model, 3, 4);
    const library = await open("pytorch", workload);
    const { losses } = await library.trainSteps(0, 3);
    const { hits } = await library.evaluate(countOf(workload.test));
    await library.dispose();
    expect(distance(await lossesOf(await wasm({ threads: 1 }), workload), losses)).toBeLessThan(5e-3);
    expect(hits).toBeLessThanOrEqual(6);
  });

  it("says which layer it has no counterpart of", async () => {
    const opened = open("pytorch", workloadOf("augmented", 1, 2));
    await expect(opened).rejects.toMatchObject({
      name: "BackendUnavailableError",
      message: "the PyTorch peer has no counterpart of the layer RandomRotation",
    });
  });

  it("tells what went wrong", async () => {
    const library = await open("pytorch", workloadOf("simple", 1, 2));
    await expect(library.trainSteps(1000, 1)).rejects.toThrow(/^[A-Z]\w*Error: ./);
    await library.dispose();
  });
});

it("predicts with ONNX Runtime as Convoy does, and says that it cannot train", async () => {
  const workload = workloadOf("simple", 1, 4);
  const library = await open("onnxruntime-web", workload);
  const participant = new BackendParticipant(await reference(), workload);
  const { testAccuracy } = await participant.evaluate(1000);
  await participant.close();
  expect((await library.evaluate(6)).hits).toBe(Math.round((testAccuracy as number) * 6));
  await expect(library.trainSteps(0, 1)).rejects.toThrow("ONNX Runtime only predicts");
  expect(library.device).toMatch(/^onnxruntime-web 1\.\d+\.\d+ wasm, 1 threads$/);
  await library.dispose();
});

it.each([
  ["tfjs-node-gpu", "@tensorflow/tfjs-node-gpu"],
  ["tfjs-node", "@tensorflow/tfjs-node"],
] as const)("says what to install where %s is missing", async (name, packageName) => {
  const opened = open(name, workloadOf("simple", 1, 1));
  await expect(opened).rejects.toThrow(BackendUnavailableError);
  await expect(opened).rejects.toThrow(
    `TensorFlow.js is not installed: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers ${packageName}`,
  );
});
