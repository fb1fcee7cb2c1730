import { applications, BackendUnavailableError } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { expect, it } from "vitest";
import { tfjsWebgpu } from "./tfjsWebgpu.js";

const opened = await tfjsWebgpu.open().catch((error: unknown) => error as Error);
const reason = opened instanceof BackendUnavailableError ? ` (skipped: ${opened.message})` : "";

it.skipIf(reason !== "")(`trains and evaluates on TensorFlow.js' WebGPU backend${reason}`, async () => {
  if (opened instanceof Error) {
    throw opened;
  }
  const model = applications.simple({ seed: 5 });
  const result = await opened.measure(
    {
      model: "simple",
      dataset: "synthetic",
      train: syntheticDigits({ samples: 16, seed: 1 }),
      test: syntheticDigits({ samples: 256, seed: 2 }),
      epochs: 1,
      batchSize: 8,
      seed: 5,
      threads: 1,
      weights: await model.getWeights(),
    },
    () => undefined,
  );
  expect(result).toMatchObject({ batchSize: 8, trainSamples: 16, testAccuracy: null });
  expect(result.losses).toHaveLength(2);
  expect(result.losses[0]).toBeCloseTo(Math.log(10), 0);
  expect(result.trainUsPerSample).toBeGreaterThan(0);
});
