import { expect, it } from "vitest";
import { dataset } from "../../datasets/index.js";
import { layers, sequential } from "../../index.js";
import { reference } from "../../reference/index.js";

it("trains on 3 GB of images with less than 1 GB of memory", async () => {
  const backend = await reference();
  const side = 64;
  const samples = Math.ceil(3e9 / (side * side * 3));
  const model = sequential([
    layers.averagePooling2d({ poolSize: 32, inputShape: [side, side, 3] }),
    layers.flatten(),
    layers.dense({ units: 2, activation: "softmax" }),
  ]);
  model.compile({ backend, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  let peak = 0;
  let made = 0;
  const images = dataset(function* () {
    for (let index = 0; index < samples; index++) {
      made += side * side * 3;
      if (index % 1000 === 0) {
        peak = Math.max(peak, process.memoryUsage().rss);
      }
      // Bright or dark, as the label says.
      const image = new Uint8Array(side * side * 3).fill((index % 2) * 128 + (index % 127));
      yield [{ data: image, shape: [side, side, 3], scale: 1 / 255 }, index % 2] as const;
    }
  });
  const before = process.memoryUsage().rss;
  const { history } = await model.fit(images.shuffle(1000, { seed: 1 }).batch(64).prefetch(2), { verbose: 0 });
  expect(made).toBeGreaterThan(3e9);
  expect(history.accuracy![0]).toBeGreaterThan(0.9);
  expect(peak - before).toBeLessThan(1e9);
  expect(backend.memory().peakBytes).toBeLessThan(200e6);
  await backend.dispose();
});
