import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import { ModelFileError } from "../../errors.js";
import * as optimizers from "../../optimizers/index.js";
import * as schedules from "../../optimizers/schedules.js";
import { reference } from "../../reference/index.js";
import * as safetensors from "../../saving/safetensors.js";
import { type CompileOptions, loadModel } from "../index.js";
import { images, labels, network, training, weightsOf } from "./testing/sampleNetwork.js";
import { temporaryFolder } from "./testing/temporaryFolder.js";

let backend: Backend;
const folder = temporaryFolder();

beforeAll(async () => {
  backend = await reference();
});

describe("training", () => {
  const optimizersInUse: [string, CompileOptions["optimizer"]][] = [
    ["adam", "adam"],
    [
      "momentum and a schedule",
      optimizers.sgd({
        momentum: 0.9,
        learningRate: schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 30 }),
      }),
    ],
    [
      "accumulation and an average",
      optimizers.adamW({ gradientAccumulationSteps: 2, useEma: true, emaOverwriteFrequency: 2 }),
    ],
  ];

  it.each(optimizersInUse)("goes on from a file to the same bits: %s", async (_, optimizer) => {
    const path = join(folder, "trained.safetensors");
    const made = network();
    made.compile({ backend, ...(optimizer ? { optimizer } : {}), ...training });
    await made.fit(images, labels, { epochs: 2, batchSize: 8, verbose: 0 });
    await made.save(path);
    const loaded = await loadModel(path, { backend });
    expect(await loaded.getTrainingState()).toEqual(await made.getTrainingState());
    const rest = { epochs: 4, verbose: 0 } as const;
    const expected = await made.fit(images, labels, { ...rest, resumeFrom: await made.getTrainingState() });
    const actual = await loaded.fit(images, labels, { ...rest, resumeFrom: await loaded.getTrainingState() });
    expect(actual.history).toEqual(expected.history);
    expect(await loaded.save()).toEqual(await made.save());
  });

  it("is saved from the middle of an epoch", async () => {
    const uninterrupted = network();
    uninterrupted.compile({ backend, optimizer: "adam", ...training });
    const saved: Uint8Array[] = [];
    const { history } = await uninterrupted.fit(images, labels, {
      ...{ epochs: 3, batchSize: 4, verbose: 0 },
      callbacks: [
        {
          async onBatchEnd(step) {
            if (step === 2) {
              saved.push(await uninterrupted.save());
            }
          },
        },
      ],
    });
    expect(saved).toHaveLength(3);
    const loaded = await loadModel(saved[1]!, { backend });
    const state = await loaded.getTrainingState();
    expect(state.fit).toMatchObject({ epoch: 1, begun: true });
    const resumed = await loaded.fit(images, labels, { epochs: 3, verbose: 0, resumeFrom: state });
    expect(resumed.history.loss).toEqual(history.loss!.slice(1));
    expect(await weightsOf(loaded)).toEqual(await weightsOf(uninterrupted));
  });

  it("a state that does not fit is refused", async () => {
    const made = network();
    made.compile({ backend, optimizer: "adam", ...training });
    await made.fit(images, labels, { verbose: 0 });
    const { tensors, metadata } = safetensors.read(await made.save());
    const spoil = (
      change: (state: { optimizer: Record<string, unknown>; fit: Record<string, unknown> }) => void,
    ): Uint8Array => {
      const part = JSON.parse(metadata.get("training")!) as { state: Parameters<typeof change>[0] };
      change(part.state);
      const all = [...tensors].map(
        ([name, stored]) => [name, { data: safetensors.numbers(stored), shape: stored.shape }] as const,
      );
      return safetensors.write({
        tensors: all,
        metadata: { ...Object.fromEntries(metadata), training: JSON.stringify(part) },
      });
    };
    const cases: [Parameters<typeof spoil>[0], RegExp][] = [
      [(state) => (state.optimizer.name = "sgd"), /of optimizer "sgd", the model was compiled with "adam"/],
      [(state) => (state.optimizer.iteration = -1), /training: state.optimizer.iteration is -1, expected an integer/],
      [(state) => (state.optimizer.slots = {}), /slots of adam: it lacks "momentum", "velocity"/],
      [
        (state) => (state.optimizer.slots = { momentum: { a: 1 } }),
        /slots.momentum\["a"\] is 1, expected a tensor of type F32/,
      ],
      [(state) => (state.optimizer.slots = [1]), /slots is \[1\], expected an object/],
      [(state) => (state.optimizer.learningRate = "fast"), /learningRate is "fast"/],
      [(state) => (state.fit.epoch = 0.5), /fit.epoch is 0.5/],
      [(state) => (state.fit.begun = 1), /fit.begun is 1, expected true or false/],
      [(state) => (state.fit.sums = { samples: 1, totals: ["a"], counts: {} }), /sums.totals is \["a"\]/],
      [
        (state) => (state.fit.sums = { samples: 1, totals: [1], counts: { 0: 1 } }),
        /counts\["0"\] is 1, expected a tensor/,
      ],
      [(state) => (state.fit.callbacks = null), /callbacks is null/],
    ];
    for (const [change, message] of cases) {
      await expect(loadModel(spoil(change), { backend })).rejects.toThrow(ModelFileError);
      await expect(loadModel(spoil(change), { backend })).rejects.toThrow(message);
      // What is not asked for is not looked at.
      await loadModel(spoil(change));
    }
  });
});
