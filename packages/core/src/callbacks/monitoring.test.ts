import { describe, expect, it, vi } from "vitest";
import { ArgumentError } from "../errors.js";
import type { Callback, Training } from "./callback.js";
import { type EarlyStoppingOptions, earlyStopping } from "./earlyStopping.js";
import { learningRateScheduler } from "./learningRateScheduler.js";
import { type ReduceLROnPlateauOptions, reduceLROnPlateau } from "./reduceLROnPlateau.js";

/** What a callback did in a training whose epochs end with these values of one key. */
async function play(callback: Callback, values: readonly number[], monitor = "val_loss", rate = 1) {
  const rates: number[] = [];
  const logs: Record<string, number>[] = [];
  let stopped = false;
  let weights = -1;
  const training = {
    initialEpoch: 0,
    writes: true,
    learningRate: rate,
    stop: () => {
      stopped = true;
    },
    log: (name: string, value: number) => {
      logs.at(-1)![name] = value;
    },
    // The weights tell the epoch that they are from.
    getWeights: () => Promise.resolve([Float32Array.of(weights)]),
    setWeights: ([values]: Float32Array[]) => {
      weights = values![0]!;
    },
  } as unknown as Training;
  await callback.onTrainBegin?.(training);
  for (const [epoch, value] of values.entries()) {
    await callback.onEpochBegin?.(epoch, training);
    rates.push(training.learningRate);
    weights = epoch;
    logs.push({ [monitor]: value });
    await callback.onEpochEnd?.(epoch, logs.at(-1)!, training);
    if (stopped) {
      break;
    }
  }
  await callback.onTrainEnd?.(training);
  return { epochs: logs.length, rates, logs, weights, stopped };
}

describe("earlyStopping", () => {
  const cases: [string, EarlyStoppingOptions, number[], number][] = [
    ["after three epochs that are no better, as in Keras' example", { patience: 3 }, [1, 1, 1, 1, 1, 1], 4],
    ["at once by default", {}, [3, 2, 2, 1], 3],
    ["never while it gets better", { patience: 1 }, [5, 4, 3, 2, 1], 5],
    ["where a change is below minDelta", { minDelta: 0.1, patience: 2 }, [1, 0.95, 0.92, 0.85], 3],
    ["with the sign of minDelta ignored", { minDelta: -0.1, patience: 2 }, [1, 0.95, 0.85, 0.84, 0.83, 0.82], 5],
    ["watching from startFromEpoch on", { startFromEpoch: 2, patience: 1 }, [1, 2, 3, 4, 5], 4],
    ["where the baseline is not beaten", { baseline: 0.5, patience: 3 }, [1, 1, 1, 1, 1], 3],
    // What gets better goes on, but its patience does not start anew.
    ["where the baseline is not beaten while it gets better", { baseline: 0.5, patience: 3 }, [1, 0.9, 0.8, 0.8], 4],
    ["with patience again once the baseline is beaten", { baseline: 0.5, patience: 2 }, [1, 0.4, 0.4, 0.4, 0.4], 4],
    ["with a NaN as no improvement", { patience: 2 }, [1, Number.NaN, Number.NaN, 0.5], 3],
    ["by larger values", { mode: "max", patience: 1 }, [1, 2, 1, 3], 3],
  ];
  it.each(cases)("ends training %s", async (_, options, values, epochs) => {
    expect((await play(earlyStopping(options), values)).epochs).toBe(epochs);
  });

  it.each([
    ["accuracy", [1, 2, 1], 3],
    ["val_auc", [1, 2, 1], 3],
    ["val_sparseCategoricalAccuracy", [2, 1, 3], 2],
    ["digits_recall", [1, 2, 1], 3],
    ["val_meanAbsoluteError", [2, 1, 2], 3],
    ["digits_loss", [2, 1, 2], 3],
  ] as const)("knows which way %s gets better", async (monitor, values, epochs) => {
    expect((await play(earlyStopping({ monitor }), values, monitor)).epochs).toBe(epochs);
  });

  it("asks for the mode of what it does not know", () => {
    expect(() => earlyStopping({ monitor: "val_margin" })).toThrow(
      /cannot be told from the name "val_margin".*mode: "min"/,
    );
    expect(() => earlyStopping({ mode: "down" as "min" })).toThrow(
      /mode is "down", expected one of "auto", "min", "max"/,
    );
    expect(() => earlyStopping({ patiance: 3 } as EarlyStoppingOptions)).toThrow(/did you mean patience/);
  });

  it("brings back the best weights when training ends, early or not", async () => {
    const restoring = { restoreBestWeights: true, patience: 2 };
    expect(await play(earlyStopping(restoring), [3, 1, 2, 2, 2])).toMatchObject({ epochs: 4, weights: 1 });
    expect(await play(earlyStopping(restoring), [3, 1, 2])).toMatchObject({ epochs: 3, weights: 1, stopped: false });
    expect(await play(earlyStopping({ patience: 2 }), [3, 1, 2, 2, 2])).toMatchObject({ weights: 3 });
    // None is better than the baseline: the best of those within the patience.
    const baseline = earlyStopping({ ...restoring, baseline: 0.5, patience: 3 });
    expect(await play(baseline, [3, 1, 2, 2])).toMatchObject({ epochs: 3, weights: 1 });
  });

  it("begins anew with another fit", async () => {
    const callback = earlyStopping({ patience: 1 });
    expect((await play(callback, [1, 2, 3])).epochs).toBe(2);
    expect((await play(callback, [5, 4, 3])).epochs).toBe(3);
  });

  it("says what it does when it is asked to", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await play(earlyStopping({ restoreBestWeights: true, verbose: 1 }), [2, 1, 3]);
    expect(log.mock.calls.flat()).toEqual([
      "Epoch 3: early stopping",
      "Restoring model weights from the end of the best epoch: 2.",
    ]);
    log.mockRestore();
  });
});

describe("reduceLROnPlateau", () => {
  const flat = Array.from({ length: 9 }, () => 1);
  const cases: [string, ReduceLROnPlateauOptions, number[], number[]][] = [
    ["by a tenth after ten epochs, by default", {}, [...flat, 1, 1, 1], [...flat, 1, 1, 0.1]],
    ["after patience", { factor: 0.5, patience: 2 }, flat, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]],
    // The epoch in which the cooldown runs out counts again.
    [
      "not while it cools down",
      { factor: 0.5, patience: 2, cooldown: 2 },
      flat,
      [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25],
    ],
    ["down to minLr", { factor: 0.5, patience: 2, minLr: 0.3 }, flat, [1, 1, 1, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3]],
    ["at every epoch without patience", { factor: 0.5, patience: 0 }, [1, 1, 1], [1, 1, 0.5]],
    ["where a change is below minDelta", { factor: 0.5, patience: 2 }, [1, 0.99995, 0.99992, 0.9], [1, 1, 1, 0.5]],
    ["not where it is larger", { factor: 0.5, patience: 2, minDelta: 0 }, [1, 0.99995, 0.99992, 0.9], [1, 1, 1, 1]],
    ["by smaller values", { factor: 0.5, patience: 1, mode: "max" }, [1, 2, 1, 1], [1, 1, 1, 0.5]],
  ];
  it.each(cases)("reduces the rate %s", async (_, options, values, rates) => {
    const { rates: seen, logs } = await play(reduceLROnPlateau(options), values);
    expect(seen).toEqual(rates);
    // What an epoch was trained with, as in Keras.
    expect(logs.map(({ learningRate }) => learningRate)).toEqual(rates);
  });

  it("refuses what it cannot do", async () => {
    expect(() => reduceLROnPlateau({ factor: 1 })).toThrow(/factor is 1, expected a number of at least 0 and below 1/);
    expect(() => reduceLROnPlateau({ cooldown: -1 })).toThrow(ArgumentError);
    await expect(play(reduceLROnPlateau({ monitor: "val_loss" }), [1], "loss")).rejects.toThrow(
      /reduceLROnPlateau: there is no "val_loss" to watch; this training has loss/,
    );
  });
});

describe("learningRateScheduler", () => {
  it("sets the rate of each epoch from the epoch and the rate before, and logs it", async () => {
    const schedule = (epoch: number, rate: number) => (epoch < 2 ? rate : rate * 0.5);
    const { rates, logs } = await play(learningRateScheduler(schedule), [1, 1, 1, 1]);
    expect(rates).toEqual([1, 1, 0.5, 0.25]);
    expect(logs.map(({ learningRate }) => learningRate)).toEqual(rates);
  });

  it("refuses what gives no number", async () => {
    await expect(
      play(
        learningRateScheduler(() => undefined as never),
        [1],
      ),
    ).rejects.toThrow(/gave undefined in epoch 0, expected a number/);
    expect(() => learningRateScheduler(0.1 as never)).toThrow(/takes a function of epoch and learning rate/);
  });
});
