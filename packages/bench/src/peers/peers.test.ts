import { applications, type Sequential } from "@convoy/core";
import { type LabelledImages, syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { beforeAll, expect, it } from "vitest";
import { firstImages } from "../training/workload.js";
import type { OpenPeer, PeerWorkload } from "./peer.js";
import { peers } from "./peers.js";
import { findPython } from "./python.js";

let workload: PeerWorkload;
/** Convoy's loss over the training images before any training. */
let firstLoss: number;

const torch = await findPython().then(
  () => true,
  () => false,
);

beforeAll(async () => {
  const train = syntheticDigits({ samples: 4, seed: 1 });
  const model = applications.tutorial({ seed: 5 });
  workload = {
    model: "tutorial",
    dataset: "synthetic",
    train,
    test: syntheticDigits({ samples: 6, seed: 2 }),
    epochs: 2,
    batchSize: 4,
    seed: 5,
    threads: 1,
    weights: await model.getWeights(),
  };
  firstLoss = await lossOf(model, train);
});

async function lossOf(model: Sequential, { images, labels }: LabelledImages): Promise<number> {
  model.compile({ backend: await reference(), optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  return (await model.evaluate(images, labels, { verbose: 0 })).loss as number;
}

async function run(peer: Promise<OpenPeer>, change: Partial<PeerWorkload> = {}) {
  return (await peer).measure({ ...workload, ...change }, () => undefined);
}

it("quotes what TensorFlow.js' WASM backend says about training, and measures its evaluation", async () => {
  const result = await run(peers["tfjs-wasm"].open());
  expect(result.reason).toBe("training: Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'");
  expect(result.device).toMatch(/^TensorFlow\.js 4\.\d+\.\d+ wasm/);
  expect(result.evaluateUsPerSample).toBeGreaterThan(0);
  expect(result).toMatchObject({ trainUsPerSample: null, testAccuracy: null, losses: [] });
});

it("measures a few small steps on TensorFlow.js' plain backend, from the same weights", async () => {
  const model = applications.simple({ seed: 5 });
  const weights = await model.getWeights();
  const result = await run(peers["tfjs-cpu"].open(), { batchSize: 1, model: "simple", weights });
  expect(result).toMatchObject({ batchSize: 1, trainSamples: 3, epochs: 1, testAccuracy: null });
  expect(result.losses).toHaveLength(3);
  expect(result.losses[0]).toBeCloseTo(await lossOf(model, firstImages(workload.train, 1)), 4);
  expect(result.trainUsPerSample).toBeGreaterThan(0);
  expect(result.evaluateUsPerSample).toBeGreaterThan(0);
});

it.skipIf(!torch)("trains the same network from the same weights in PyTorch", async () => {
  const result = await run(peers.pytorch.open());
  expect(result.losses).toHaveLength(2);
  expect(result.losses[0]).toBeCloseTo(firstLoss, 4);
  expect(result.losses[1]).toBeLessThan(firstLoss);
  expect(result.device).toMatch(/^PyTorch .* CPU, 1 threads?$/);
  for (const positive of [result.trainUsPerSample, result.stepMs.p50, result.evaluateUsPerSample, result.firstStepMs]) {
    expect(positive).toBeGreaterThan(0);
  }
});

it("says what to install where the native TensorFlow.js is missing", async () => {
  await expect(peers["tfjs-node-gpu"].open()).rejects.toThrow(
    "TensorFlow.js is not installed: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-node-gpu",
  );
});
