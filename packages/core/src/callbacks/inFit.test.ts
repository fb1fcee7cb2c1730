import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../backend/index.js";
import {
  type Callback,
  callbacks,
  type FitOptions,
  layers,
  NonFiniteLossError,
  optimizers,
  schedules,
  sequential,
  type TrainingState,
} from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const rows = 24;
const x = { data: Float32Array.from({ length: rows * 3 }, (_, index) => Math.sin(index * 1.3)), shape: [rows, 3] };
/** Labels without meaning: the validation gets worse the more is learnt of them. */
const y = Array.from({ length: rows }, (_, row) => Number(Math.sin(row * 7.7) > 0));
const quiet: FitOptions = { verbose: 0, batchSize: 4, validationSplit: 0.5 };

function compiled(optimizer = optimizers.adam({ learningRate: 0.05 })) {
  const model = sequential([
    layers.dense({ units: 12, activation: "relu", inputShape: [3] }),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 2, activation: "softmax" }),
  ]);
  model.compile({ backend, optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

const numbers = async (model: ReturnType<typeof compiled>) => (await model.getWeights()).map(({ data }) => data);

describe("callbacks that watch values", () => {
  const watching = () => [
    callbacks.reduceLROnPlateau({ factor: 0.5, patience: 1, cooldown: 1, minLr: 0.001 }),
    callbacks.learningRateScheduler((_, rate) => rate * 0.99),
    callbacks.earlyStopping({ patience: 4, restoreBestWeights: true }),
  ];

  it("go on from a state as if training had never stopped", async () => {
    const states: TrainingState[] = [];
    const keep: Callback = {
      last: true,
      batchInterval: 2,
      onBatchEnd: async (_, __, training) => void states.push(await training.getState()),
      onEpochEnd: async (_, __, training) => void states.push(await training.getState()),
    };
    const unbroken = compiled();
    const { history, epochs } = await unbroken.fit(x, y, { ...quiet, epochs: 40, callbacks: [...watching(), keep] });
    // Both have done their work.
    expect(epochs.length).toBeLessThan(40);
    expect(
      new Set(history.learningRate!.map((rate, epoch) => Math.round(rate / 0.99 ** epoch / 1e-4))).size,
    ).toBeGreaterThan(2);
    for (const state of states) {
      const resumed = compiled();
      const resumeFrom = structuredClone(state);
      const later = await resumed.fit(x, y, { ...quiet, epochs: 40, callbacks: watching(), resumeFrom });
      expect(later.epochs).toEqual(epochs.slice(state.fit!.epoch));
      for (const [name, values] of Object.entries(later.history)) {
        expect(values).toEqual(history[name]!.slice(state.fit!.epoch));
      }
      expect(await numbers(resumed)).toEqual(await numbers(unbroken));
    }
  });

  it("show the learning rate in history and bar", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const halve = callbacks.learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2));
    const { history } = await compiled().fit(x, y, { ...quiet, verbose: 2, epochs: 3, callbacks: [halve] });
    expect(history.learningRate).toEqual([0.05, 0.025, 0.0125]);
    expect(log.mock.calls.at(-1)![0]).toMatch(/learningRate: 0.0125$/);
    log.mockRestore();
  });

  it("refuse to set the rate beside a schedule", async () => {
    const learningRate = schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 });
    const model = compiled(optimizers.adam({ learningRate }));
    const scheduler = callbacks.learningRateScheduler((_, rate) => rate);
    await expect(model.fit(x, y, { ...quiet, callbacks: [scheduler] })).rejects.toThrow(/has a schedule/);
  });
});

describe("terminateOnNaN", () => {
  it("ends fit with the epoch's history, and the model holds the last good weights", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const model = compiled(optimizers.sgd({ learningRate: 1e30 }));
    const ended = vi.fn();
    const { history, epochs } = await model.fit(x, y, {
      ...quiet,
      epochs: 5,
      callbacks: [callbacks.terminateOnNaN(), { onTrainEnd: ended }],
    });
    expect(epochs).toEqual([0]);
    expect(history.loss![0]).not.toSatisfy(Number.isFinite);
    expect(history.val_loss![0]).toSatisfy(Number.isFinite);
    expect(ended).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toMatch(/^Batch [12]: Invalid loss, terminating training$/);
    for (const values of await numbers(model)) {
      expect(values.every(Number.isFinite)).toBe(true);
    }
    warn.mockRestore();
  });

  it("is what it takes: others are told and cannot keep fit from throwing", async () => {
    const onNonFiniteLoss = vi.fn();
    const model = compiled(optimizers.sgd({ learningRate: 1e30 }));
    await expect(model.fit(x, y, { ...quiet, callbacks: [{ onNonFiniteLoss }] })).rejects.toThrow(NonFiniteLossError);
    expect(onNonFiniteLoss.mock.calls[0]![0]).toBeInstanceOf(NonFiniteLossError);
  });
});

describe("lambdaCallback", () => {
  it("is its functions", async () => {
    const onEpochEnd = vi.fn();
    await compiled().fit(x, y, { ...quiet, epochs: 2, callbacks: [callbacks.lambdaCallback({ onEpochEnd })] });
    expect(onEpochEnd).toHaveBeenCalledTimes(2);
  });

  it("refuses a name that is none", () => {
    expect(() => callbacks.lambdaCallback({ onEpochStart: () => undefined } as never)).toThrow(
      /unknown option onEpochStart.*onEpochBegin/,
    );
  });
});

describe("batchInterval", () => {
  it("calls every n-th step, counted over all epochs", async () => {
    const ends: number[] = [];
    const begins: number[] = [];
    const callback: Callback = {
      batchInterval: 4,
      onBatchBegin: (step) => void begins.push(step),
      onBatchEnd: (step) => void ends.push(step),
    };
    // Three steps an epoch.
    await compiled().fit(x, y, { ...quiet, epochs: 4, callbacks: [callback] });
    expect(ends).toEqual([0, 1, 2]);
    expect(begins).toEqual([0, 1, 2]);
    await expect(
      compiled().fit(x, y, { ...quiet, callbacks: [{ batchInterval: 0, onBatchEnd: () => undefined }] }),
    ).rejects.toThrow(/batchInterval of a callback is 0/);
  });
});
