import { BackendUnavailableError } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { BackendParticipant } from "../participants/backendParticipant.js";
import { buildModel } from "../training/workload.js";
import { type PeerName, peers } from "./peers.js";

/** On WebGPU through Dawn, where there is an adapter. */
it.each([
  ["jax-js", "tutorial"],
  ["jax-js", "simple"],
  ["tfjs-webgpu", "simple"],
] as const satisfies readonly (readonly [PeerName, string])[])("%s trains %s as Convoy does", async (name, model) => {
  const train = syntheticDigits({ samples: 16, seed: 1 });
  const workload = {
    model,
    dataset: "synthetic",
    train,
    test: syntheticDigits({ samples: 20, seed: 2 }),
    batchSize: 8,
    seed: 5,
  };
  const opened = peers[name].open({ ...workload, weights: await buildModel(workload).getWeights() });
  const library = await opened.catch((error: unknown) => {
    if (error instanceof BackendUnavailableError) {
      return undefined;
    }
    throw error;
  });
  if (library === undefined) {
    return; // No adapter, or not installed.
  }
  const { losses } = await library.trainSteps(0, 2);
  expect((await library.evaluate(20)).durationMs).toBeGreaterThan(0);
  await library.dispose();
  const participant = new BackendParticipant(await reference(), workload);
  const { losses: expected } = await participant.train({ epochs: 1 });
  await participant.close();
  for (const [step, loss] of expected.entries()) {
    expect(Math.abs((losses[step] as number) - loss)).toBeLessThan(1e-3);
  }
});
