import { applications } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import * as jax from "@jax-js/jax";
import { expect, it } from "vitest";
import { modelNames } from "../training/workload.js";
import { measureJax } from "./jaxRuns.js";

/** On jax-js' default device, which every machine has: WASM. */
it.each(modelNames)("trains %s as Convoy does", async (name) => {
  const [batchSize, steps] = [4, 3];
  const train = syntheticDigits({ samples: batchSize * steps, seed: 1 });
  const model = applications[name]({ seed: 5 });
  const workload = {
    ...{ model: name, dataset: "synthetic", train, test: syntheticDigits({ samples: 6, seed: 2 }) },
    ...{ epochs: 1, batchSize, seed: 5, weights: await model.getWeights() },
  };
  const result = await measureJax(jax, workload, "WASM", { batchSize, steps, testSamples: 6 });

  const expected: number[] = [];
  model.compile({ backend: await reference(), optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  await model.fit(train.images, train.labels, {
    ...{ epochs: 1, batchSize, shuffle: false, verbose: 0 },
    callbacks: [{ onProgress: ({ stepLosses }) => void expected.push(...stepLosses) }],
  });
  expect(expected).toHaveLength(steps);
  for (const [step, loss] of expected.entries()) {
    expect(result.losses[step]).toBeCloseTo(loss, 4);
  }
  expect(result).toMatchObject({ device: "WASM", epochs: 1, batchSize, trainSamples: 12, testAccuracy: null });
  for (const positive of [result.trainUsPerSample, result.stepMs.p50, result.firstStepMs, result.evaluateUsPerSample]) {
    expect(positive).toBeGreaterThan(0);
  }
});
