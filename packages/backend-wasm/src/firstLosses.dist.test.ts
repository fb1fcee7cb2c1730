import { layers, sequential } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";

const { wasm } = await builtPackage();

const batchSize = 64;
const steps = 20;
const { images, labels } = syntheticDigits({ samples: steps * batchSize, seed: 3 });

/** The loss of each step of a network whose convolutions are behind pooling, or relu alone. */
async function losses(backend: Backend): Promise<number[]> {
  const pooled = (filters: number, options = {}) => [
    layers.conv2d({ filters, kernelSize: 3, activation: "relu", ...options }),
    layers.maxPooling2d({ poolSize: 2 }),
  ];
  const net = sequential(
    [
      ...pooled(16, { inputShape: [28, 28, 1] }),
      ...pooled(32),
      layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu" }),
      layers.flatten(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed: 1 },
  );
  net.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  const found: number[] = [];
  for (let step = 0; step < steps; step++) {
    const [first, end] = [step * batchSize, (step + 1) * batchSize];
    const x = { ...images, data: images.data.subarray(first * 784, end * 784), shape: [batchSize, 28, 28, 1] };
    found.push((await net.trainOnBatch(x, labels.data.subarray(first, end))).loss!);
  }
  await backend.dispose();
  return found;
}

// A single gradient that went to another pixel than it should would part them by 1e-6 in its step, and by 1e-3 ten steps later.
it("trains as the reference does, loss by loss", { timeout: 120_000 }, async () => {
  const [expected, found] = [await losses(await reference()), await losses(await wasm({ threads: 2 }))];
  expect(found).toHaveLength(steps);
  const distances = found.map((loss, step) => Math.abs(loss - expected[step]!) / expected[step]!);
  expect(Math.max(...distances)).toBeLessThan(1e-5);
});
