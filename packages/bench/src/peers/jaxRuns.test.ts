import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import * as jax from "@jax-js/jax";
import { expect, it } from "vitest";
import { BackendParticipant } from "../participants/backendParticipant.js";
import { buildModel } from "../training/workload.js";
import { jaxRuns } from "./jaxRuns.js";

/** On jax-js' default device, which every machine has: WASM. */
it.each(["tutorial", "simple"] as const)("trains %s as Convoy does", async (model) => {
  const [batchSize, steps] = [4, 3];
  const train = syntheticDigits({ samples: batchSize * steps, seed: 1 });
  const test = syntheticDigits({ samples: 6, seed: 2 });
  const workload = { model, dataset: "synthetic", train, test, batchSize, seed: 5 };
  const library = jaxRuns(jax, { ...workload, weights: await buildModel(workload).getWeights() }, "WASM");
  const { losses, durationsMs } = await library.trainSteps(0, steps);
  const { hits, durationMs } = await library.evaluate(6);
  await library.dispose();

  const participant = new BackendParticipant(await reference(), workload);
  const { losses: expected } = await participant.train({ epochs: 1 });
  const { testAccuracy } = await participant.evaluate(1000);
  await participant.close();
  expect(expected).toHaveLength(steps);
  for (const [step, loss] of expected.entries()) {
    expect(losses[step]).toBeCloseTo(loss, 4);
  }
  expect(hits).toBe(Math.round((testAccuracy as number) * 6));
  expect(library.device).toBe("WASM");
  expect(Math.min(...durationsMs, durationMs)).toBeGreaterThan(0);
});
