import { applications, optimizers } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";

const { wasm } = await builtPackage();
const [batchSize, size, classes] = [3, 96, 10];

/** Losses of two training steps of a MobileNetV2 on the same images. */
async function losses(backend: Backend): Promise<[number, number]> {
  const model = applications.mobileNetV2({ alpha: 0.35, inputShape: [size, size, 3], classes, seed: 5 });
  // The gradients' norm is in the hundreds at first.
  model.compile({ backend, optimizer: optimizers.sgd({ learningRate: 1e-6 }), loss: "sparseCategoricalCrossentropy" });
  const data = Float32Array.from({ length: batchSize * size * size * 3 }, (_, index) =>
    Math.sin(index * 0.37 + (index % 11)),
  );
  const x = { data, shape: [batchSize, size, size, 3] };
  const y = { data: Int32Array.from({ length: batchSize }, (_, sample) => sample * 3), shape: [batchSize] };
  const [first, second] = [await model.trainOnBatch(x, y), await model.trainOnBatch(x, y)];
  model.dispose();
  await backend.dispose();
  return [first.loss!, second.loss!];
}

it("trains a MobileNetV2 as the reference does", async () => {
  const [loss, after] = await losses(await reference());
  expect(loss - after).toBeGreaterThan(0.02 * loss);
  const [first, second] = await losses(await wasm({ threads: 2 }));
  expect(Math.abs(first - loss)).toBeLessThan(1e-5 * loss);
  // 52 normalizations, the last over 27 numbers a channel, make some of the gradients out of roundings.
  expect(Math.abs(second - after)).toBeLessThan(0.03 * (loss - after));
}, 120_000);
