import { applications, BackendUnavailableError } from "@convoy/core";
import { type LabelledImages, syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { modelNames } from "../training/workload.js";
import { jaxJs } from "./jaxJs.js";

const opened = await jaxJs.open().catch((error: unknown) => error as Error);
const reason = opened instanceof BackendUnavailableError ? ` (skipped: ${opened.message})` : "";
const batchSize = 8;

/** What Convoy's reference backend loses in each step over the samples in their order. */
async function referenceLosses(name: applications.NetworkName, train: LabelledImages): Promise<readonly number[]> {
  const losses: number[] = [];
  const model = applications[name]({ seed: 5 });
  model.compile({ backend: await reference(), optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  const onProgress = ({ stepLosses }: { stepLosses: readonly number[] }) => void losses.push(...stepLosses);
  const options = { epochs: 1, batchSize, shuffle: false, verbose: 0, callbacks: [{ onProgress }] } as const;
  await model.fit(train.images, train.labels, options);
  return losses;
}

it.skipIf(reason !== "").each(modelNames)(
  `trains %s as Convoy does, on jax-js' WebGPU device${reason}`,
  async (name) => {
    if (opened instanceof Error) {
      throw opened;
    }
    const train = syntheticDigits({ samples: 2 * batchSize, seed: 1 });
    const model = applications[name]({ seed: 5 });
    const result = await opened.measure(
      {
        model: name,
        dataset: "synthetic",
        train,
        test: syntheticDigits({ samples: 20, seed: 2 }),
        epochs: 1,
        batchSize,
        seed: 5,
        threads: 1,
        weights: await model.getWeights(),
      },
      () => undefined,
    );
    expect(result.device).toMatch(/^jax-js 0\.1\.\d+ webgpu, ./);
    expect(result).toMatchObject({ epochs: 1, batchSize: 8, trainSamples: 16, testAccuracy: null });
    const expected = await referenceLosses(name, train);
    expect(result.losses).toHaveLength(expected.length);
    for (const [step, loss] of expected.entries()) {
      expect(Math.abs((result.losses[step] as number) - loss)).toBeLessThan(1e-3);
    }
    const { trainUsPerSample, stepMs, firstStepMs, evaluateUsPerSample } = result;
    for (const positive of [trainUsPerSample, stepMs.p50, firstStepMs, evaluateUsPerSample]) {
      expect(positive).toBeGreaterThan(0);
    }
  },
);
