import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../../backend/index.js";
import {
  callbacks,
  type FitOptions,
  layers,
  NonFiniteLossError,
  optimizers,
  sequential,
  type Tensor,
} from "../../index.js";
import { RandomStream } from "../../random/index.js";
import { reference } from "../../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const samples = 50;
const random = new RandomStream(5, "test");
/** Two classes that a line parts. */
const x: Tensor<Float32Array> = {
  data: Float32Array.from({ length: samples * 4 }, () => random.normal()),
  shape: [samples, 4],
};
const y = Array.from({ length: samples }, (_, row) => (x.data[row * 4]! + x.data[row * 4 + 1]! > 0 ? 1 : 0));

const model = (optimizer: Parameters<typeof compiled>[0] = "adam") => compiled(optimizer);
function compiled(optimizer: "adam" | "sgd" | ReturnType<typeof optimizers.adam>, rate = 0) {
  const built = sequential([
    layers.dense({ units: 8, activation: "relu", inputShape: [4] }),
    layers.dropout({ rate }),
    layers.dense({ units: 2, activation: "softmax" }),
  ]);
  built.compile({ backend, optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return built;
}

const quiet: FitOptions = { verbose: 0, batchSize: 8 };

describe("history", () => {
  it("has Keras' keys, one number an epoch", async () => {
    const { history, epochs } = await model().fit(x, y, { ...quiet, epochs: 3, validationSplit: 0.2 });
    expect(Object.keys(history)).toEqual(["loss", "accuracy", "val_loss", "val_accuracy"]);
    expect(history.loss).toHaveLength(3);
    expect(epochs).toEqual([0, 1, 2]);
  });

  it("counts epochs from initialEpoch", async () => {
    const { epochs } = await model().fit(x, y, { ...quiet, epochs: 5, initialEpoch: 3 });
    expect(epochs).toEqual([3, 4]);
  });

  it("tells the exact mean over all samples, the tail batch weighted by its size", async () => {
    const frozenRate = optimizers.sgd({ learningRate: 1e-30 });
    const built = compiled(frozenRate);
    const { history } = await built.fit(x, y, { ...quiet, batchSize: 7 });
    const { loss, accuracy } = await built.evaluate(x, y, { verbose: 0 });
    expect(history.loss![0]).toBeCloseTo(loss!, 6);
    expect(history.accuracy![0]).toBeCloseTo(accuracy!, 10);
  });
});

describe("validation", () => {
  it("takes the last samples before shuffling, from floor(n (1 - split)) on", async () => {
    const split = await model().fit(x, y, { ...quiet, validationSplit: 0.25 });
    const cut = Math.floor(samples * 0.75);
    const part = (from: number, to: number) => ({ data: x.data.slice(from * 4, to * 4), shape: [to - from, 4] });
    const given = await model().fit(part(0, cut), y.slice(0, cut), {
      ...quiet,
      validationData: [part(cut, samples), y.slice(cut)],
    });
    expect(split).toEqual(given);
  });

  it.each([1, -0.1, Number.NaN])("refuses a split of %s", async (validationSplit) => {
    await expect(model().fit(x, y, { ...quiet, validationSplit })).rejects.toThrow(
      /validationSplit is .* expected a number in \[0, 1\)/,
    );
  });

  it("needs a sample on both sides", async () => {
    await expect(
      model().fit({ data: x.data.slice(0, 4), shape: [1, 4] }, [0], { ...quiet, validationSplit: 0.5 }),
    ).rejects.toThrow(/leaves 0 to train on and 1 to validate/);
  });
});

describe("reproducibility", () => {
  const losses = async (options: FitOptions, rate = 0.3) => {
    const seen: number[] = [];
    await compiled("adam", rate).fit(x, y, {
      ...quiet,
      epochs: 2,
      ...options,
      callbacks: [{ onProgress: ({ stepLosses }) => void seen.push(...stepLosses) }],
    });
    return seen;
  };

  it("gives identical losses for the same seed and others for another", async () => {
    const first = await losses({ seed: 3 });
    expect(first).toHaveLength(14);
    expect(await losses({ seed: 3 })).toEqual(first);
    expect(await losses({ seed: 4 })).not.toEqual(first);
  });

  it("shuffles by default, every epoch anew, and not on request", async () => {
    const order = async (shuffle: boolean) => {
      const model = compiled(optimizers.sgd({ learningRate: 1e-30 }));
      const seen: number[] = [];
      await model.fit(x, y, {
        ...quiet,
        epochs: 2,
        shuffle,
        callbacks: [{ onProgress: ({ stepLosses }) => void seen.push(...stepLosses) }],
      });
      return [seen.slice(0, 7), seen.slice(7)];
    };
    const [first, second] = await order(true);
    expect(first).not.toEqual(second);
    const [third, fourth] = await order(false);
    expect(third).toEqual(fourth);
  });

  it("does not depend on how many steps run together", async () => {
    const perStep: FitOptions = { seed: 1, callbacks: [] };
    const together = await losses(perStep);
    const seen: number[] = [];
    await compiled("adam", 0.3).fit(x, y, {
      ...quiet,
      epochs: 2,
      seed: 1,
      callbacks: [{ onBatchEnd: () => undefined, onProgress: ({ stepLosses }) => void seen.push(...stepLosses) }],
    });
    expect(seen).toEqual(together);
  });
});

describe("weights of samples", () => {
  it("of classes and of samples multiply, and 0 takes a sample out", async () => {
    const weightOf = (label: number) => (label === 1 ? 0 : 2);
    const byClass = model("sgd");
    await byClass.fit(x, y, { ...quiet, shuffle: false, classWeight: { 1: 0, 0: 2 } });
    const bySample = model("sgd");
    await bySample.fit(x, y, { ...quiet, shuffle: false, sampleWeight: y.map(weightOf) });
    expect(await byClass.getWeights()).toEqual(await bySample.getWeights());
    const { history } = await model("sgd").fit(x, y, { ...quiet, sampleWeight: y.map(() => 0) });
    expect(history.loss).toEqual([0]);
  });

  it("must be one a sample, finite and not negative", async () => {
    await expect(model().fit(x, y, { ...quiet, sampleWeight: [1, 2] })).rejects.toThrow(
      /2 numbers, there are 50 samples/,
    );
    await expect(model().fit(x, y, { ...quiet, classWeight: { 1: -1 } })).rejects.toThrow(/classWeight of 1 is -1/);
  });
});

describe("steps", () => {
  it("of an epoch can be fewer than the data has", async () => {
    const onBatchEnd = vi.fn();
    await model().fit(x, y, { ...quiet, epochs: 2, stepsPerEpoch: 3, callbacks: [{ onBatchEnd }] });
    expect(onBatchEnd.mock.calls.map(([step]) => step)).toEqual([0, 1, 2, 0, 1, 2]);
    await expect(model().fit(x, y, { ...quiet, stepsPerEpoch: 8 })).rejects.toThrow(/50 samples give 7 steps/);
  });

  it("of a batch larger than the data are one", async () => {
    const { history } = await model().fit(x, y, { verbose: 0, batchSize: 500 });
    expect(Number.isFinite(history.loss![0])).toBe(true);
  });
});

describe("callbacks", () => {
  it("are called in Keras' order, with the epoch's logs", async () => {
    const calls: string[] = [];
    const note = (name: string) => () => void calls.push(name);
    await model().fit(x, y, {
      ...quiet,
      batchSize: 25,
      validationSplit: 0.5,
      callbacks: [
        {
          onTrainBegin: note("trainBegin"),
          onEpochBegin: note("epochBegin"),
          onBatchBegin: note("batchBegin"),
          onBatchEnd: note("batchEnd"),
          onValidationBegin: note("validationBegin"),
          onEpochEnd: (_, logs) => void calls.push(`epochEnd ${Object.keys(logs)}`),
          onTrainEnd: note("trainEnd"),
        },
      ],
    });
    expect(calls).toEqual([
      "trainBegin",
      "epochBegin",
      "batchBegin",
      "batchEnd",
      "validationBegin",
      "epochEnd loss,accuracy,val_loss,val_accuracy",
      "trainEnd",
    ]);
  });

  it("may stop training, evaluate and predict on the way", async () => {
    const built = model();
    const { epochs } = await built.fit(x, y, {
      ...quiet,
      epochs: 5,
      callbacks: [
        {
          async onEpochEnd(epoch, _, training) {
            await built.predict({ data: x.data.slice(0, 4), shape: [1, 4] });
            await built.evaluate(x, y, { verbose: 0 });
            if (epoch === 1) {
              training.stop();
            }
          },
        },
      ],
    });
    expect(epochs).toEqual([0, 1]);
  });

  it("earlyStopping gives back the best weights", async () => {
    // Labels without meaning: the more is learnt of them, the worse the validation gets.
    const noise = Array.from({ length: samples }, () => random.integerBelow(2));
    const built = compiled(optimizers.adam({ learningRate: 0.05 }));
    const weights: Float32Array[][] = [];
    const { history, epochs } = await built.fit(x, noise, {
      ...quiet,
      epochs: 60,
      validationSplit: 0.4,
      callbacks: [
        { onEpochEnd: async (_, __, training) => void weights.push(await training.getWeights()) },
        callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
      ],
    });
    expect(epochs.length).toBeLessThan(60);
    const best = history.val_loss!.indexOf(Math.min(...history.val_loss!));
    expect(best).toBe(epochs.length - 4);
    expect((await built.getWeights()).map(({ data }) => data)).toEqual(weights[best]);
  });

  it("earlyStopping lists what can be watched", async () => {
    const fit = model().fit(x, y, { ...quiet, callbacks: [callbacks.earlyStopping()] });
    await expect(fit).rejects.toThrow(/no "val_loss".*loss, accuracy.*validationSplit/);
  });

  it("a second fit at the same time is refused", async () => {
    const built = model();
    const first = built.fit(x, y, quiet);
    await expect(built.fit(x, y, quiet)).rejects.toThrow(/training already/);
    await first;
  });
});

describe("a loss that is not finite", () => {
  it("stops with the step, and the model holds the last good weights", async () => {
    const built = compiled(optimizers.sgd({ learningRate: 1e30 }));
    const failure = await built.fit(x, y, { ...quiet, epochs: 3 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(NonFiniteLossError);
    const { epoch, step, message } = failure as NonFiniteLossError;
    expect(epoch).toBe(0);
    expect(step).toBeGreaterThan(0);
    expect(message).toMatch(/in epoch 1, step \d+; the model holds the last good weights/);
    for (const { data } of await built.getWeights()) {
      expect(data.every(Number.isFinite)).toBe(true);
    }
    const { loss } = await built.evaluate(x, y, { verbose: 0 });
    expect(Number.isFinite(loss)).toBe(true);
  });
});

describe("what is printed", () => {
  const printed = async (verbose: 0 | 1 | 2) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      await model().fit(x, y, { batchSize: 8, epochs: 2, verbose, validationSplit: 0.2 });
      return log.mock.calls.map(([line]) => String(line));
    } finally {
      log.mockRestore();
    }
  };

  it("is nothing, Keras' bars or a line an epoch", async () => {
    expect(await printed(0)).toEqual([]);
    const bars = await printed(1);
    expect(bars[0]).toBe("Epoch 1/2");
    expect(bars[1]).toMatch(
      /^5\/5 \[={30}\] - \d+s \d+us\/sample - loss: [\d.]+ - accuracy: [\d.]+ - val_loss: [\d.]+ - val_accuracy: [\d.]+$/,
    );
    expect(bars).toHaveLength(4);
    expect((await printed(2))[1]).toMatch(/^5\/5 - \d+s - loss: /);
  });
});

it("gives back the memory of its samples where there is none for the validation's", async () => {
  const own = await reference();
  const createBuffer = own.createBuffer.bind(own);
  vi.spyOn(own, "createBuffer").mockImplementation((label, spec) => {
    if (spec.length === 3 * 4) {
      throw new RangeError("no memory");
    }
    return createBuffer(label, spec);
  });
  const built = sequential([layers.dense({ units: 1, inputShape: [4] })]);
  built.compile({ backend: own, loss: "meanSquaredError" });
  await built.fit(x, y, quiet);
  const { usedBytes } = own.memory();
  const validationData = [{ data: new Float32Array(12), shape: [3, 4] }, [0, 1, 0]] as const;
  await expect(built.fit(x, y, { ...quiet, validationData })).rejects.toThrow("no memory");
  expect(own.memory().usedBytes).toBe(usedBytes);
  await own.dispose();
});
