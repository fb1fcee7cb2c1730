import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../backend/index.js";
import {
  ArgumentError,
  type Callback,
  type FitOptions,
  layers,
  metrics,
  model as modelOf,
  optimizers,
  ShapeError,
  StateError,
  schedules,
  sequential,
  type Training,
  type TrainingState,
} from "../../index.js";
import { reference } from "../../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const rows = 20;
const x = { data: Float32Array.from({ length: rows * 3 }, (_, index) => Math.sin(index * 1.3)), shape: [rows, 3] };
const y = Array.from({ length: rows }, (_, row) => row % 2);
const quiet: FitOptions = { verbose: 0, batchSize: 4 };

interface Made {
  readonly units?: number;
  readonly optimizer?: Parameters<ReturnType<typeof sequential>["compile"]>[0]["optimizer"];
  readonly metrics?: readonly "accuracy"[];
}

function compiled({ units = 5, optimizer = "adam", metrics = ["accuracy"] }: Made = {}) {
  const model = sequential([
    layers.dense({ units, activation: "relu", inputShape: [3] }),
    layers.dense({ units: 2, activation: "softmax" }),
  ]);
  model.compile({ backend, optimizer, loss: "sparseCategoricalCrossentropy", metrics });
  return model;
}

const numbers = async (model: { getWeights(): Promise<{ data: Float32Array }[]> }) =>
  (await model.getWeights()).map(({ data }) => data);

/** The state after some steps of the first epoch. */
async function stateAfter(steps: number, made: Made = {}, options: FitOptions = {}): Promise<TrainingState> {
  let state: TrainingState | undefined;
  const onBatchEnd = async (step: number, _: unknown, training: Training) => {
    if (step === steps - 1) {
      state ??= await training.getState();
    }
  };
  await compiled(made).fit(x, y, { ...quiet, ...options, callbacks: [{ onBatchEnd }] });
  return state!;
}

describe("a training state", () => {
  it("names weights, slots and where fit stands", async () => {
    const { weights, optimizer, fit } = await stateAfter(3, {}, { seed: 9 });
    expect(Object.keys(weights)).toEqual(["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]);
    expect(weights["dense/kernel"]!.shape).toEqual([3, 5]);
    expect(optimizer).toMatchObject({ name: "adam", iteration: 3 });
    expect(Object.keys(optimizer.slots)).toEqual(["momentum", "velocity"]);
    expect(optimizer.slots.momentum!["dense/kernel"]).toHaveLength(15);
    expect(fit).toMatchObject({ epoch: 0, step: 3, begun: true, stepsPerEpoch: 5, batchSize: 4, samples: 20, seed: 9 });
    expect(fit!.sums!.samples).toBe(12);
  });

  it("holds averages and sums of gradients", async () => {
    const optimizer = optimizers.sgd({ useEma: true, gradientAccumulationSteps: 2 });
    const { optimizer: state, weights } = await stateAfter(1, { optimizer });
    expect(Object.keys(state.slots)).toEqual(["average", "gradientAccumulator"]);
    // The average begins with the weights as they are.
    expect(state.slots.average!["dense/kernel"]).toEqual(weights["dense/kernel"]!.data);
    expect(state.slots.gradientAccumulator!["dense_1/bias"]!.some((value) => value !== 0)).toBe(true);
  });

  it("is of the optimizer's start before the first step, and no one else's", async () => {
    const model = compiled({ optimizer: optimizers.adagrad() });
    const state = await model.getTrainingState();
    expect(state.fit).toBeUndefined();
    expect([...state.optimizer.slots.accumulator!["dense_1/bias"]!]).toEqual([Math.fround(0.1), Math.fround(0.1)]);
    const before = structuredClone(state);
    await model.fit(x, y, quiet);
    expect(state).toEqual(before);
    expect((await model.getTrainingState()).fit).toMatchObject({ epoch: 1, step: 0, begun: false });
  });

  it("is that of the fit under way for the model, too", async () => {
    const model = compiled();
    const states: TrainingState[] = [];
    await model.fit(x, y, {
      ...quiet,
      callbacks: [
        { onBatchEnd: async (_, __, t) => void states.push(await model.getTrainingState(), await t.getState()) },
      ],
    });
    expect(states).toHaveLength(10);
    expect(states[4]).toEqual(states[5]);
    expect(states[4]!.fit!.step).toBe(3);
  });

  it("does not say where fit stands that has failed", async () => {
    const model = compiled();
    const onBatchEnd = (step: number) => {
      if (step === 2) {
        throw new Error("no more");
      }
    };
    await model.fit(x, y, quiet);
    await expect(model.fit(x, y, { ...quiet, callbacks: [{ onBatchEnd }] })).rejects.toThrow("no more");
    const state = await model.getTrainingState();
    expect([state.optimizer.iteration, state.fit]).toEqual([8, undefined]);
  });

  it("can be asked for at any time, by what is no callback", async () => {
    const whole = compiled();
    await whole.fit(x, y, { ...quiet, epochs: 4 });
    const model = compiled();
    let running = true;
    const fitting = model.fit(x, y, { ...quiet, epochs: 4 }).finally(() => {
      running = false;
    });
    const states: TrainingState[] = [];
    while (running && states.length < 200) {
      states.push(await model.getTrainingState());
    }
    await fitting;
    const places = new Map(
      states.map((state) => [`${state.fit?.epoch} ${state.fit?.step} ${state.fit?.begun}`, state]),
    );
    expect(places.size).toBeGreaterThan(5);
    for (const resumeFrom of places.values()) {
      if (resumeFrom.fit) {
        const resumed = compiled();
        const { epochs, history } = await resumed.fit(x, y, { ...quiet, epochs: 4, resumeFrom });
        expect(await numbers(resumed)).toEqual(await numbers(whole));
        expect(history.loss ?? []).toHaveLength(epochs.length);
      }
    }
  });

  it("needs a compiled model", async () => {
    await expect(sequential([layers.dense({ units: 1, inputShape: [1] })]).getTrainingState()).rejects.toThrow(
      StateError,
    );
  });
});

describe("resumeFrom", () => {
  it("takes batch size, order and seed from the state", async () => {
    const whole = compiled();
    const { history } = await whole.fit(x, y, { ...quiet, epochs: 3, seed: 9, shuffle: false, stepsPerEpoch: 4 });
    const state = await stateAfter(2, {}, { epochs: 3, seed: 9, shuffle: false, stepsPerEpoch: 4 });
    const later = compiled();
    const resumed = await later.fit(x, y, { verbose: 0, epochs: 3, resumeFrom: state });
    expect(resumed).toEqual({ epochs: [0, 1, 2], history });
    expect(await numbers(later)).toEqual(await numbers(whole));
  });

  it("trains nothing where all is done", async () => {
    const model = compiled();
    await model.fit(x, y, { ...quiet, epochs: 2 });
    const again = compiled();
    const { epochs } = await again.fit(x, y, { ...quiet, epochs: 2, resumeFrom: await model.getTrainingState() });
    expect(epochs).toEqual([]);
    expect(await numbers(again)).toEqual(await numbers(model));
  });

  it("does not call a state its own while it trains on", async () => {
    const state = await stateAfter(2);
    const before = structuredClone(state);
    await compiled().fit(x, y, { ...quiet, epochs: 2, resumeFrom: state });
    expect(state).toEqual(before);
  });

  const refusals: [string, Made, FitOptions, RegExp, typeof ArgumentError | typeof ShapeError][] = [
    [
      "another batch size",
      {},
      { batchSize: 5 },
      /fit with batchSize 4, this one has batchSize 5.*initialEpoch: 0/,
      ArgumentError,
    ],
    ["other data", {}, { validationSplit: 0.2 }, /with samples 20, this one has samples 16/, ArgumentError],
    ["another seed", {}, { seed: 3 }, /with seed 0, this one has seed 3/, ArgumentError],
    ["an order", {}, { shuffle: false }, /with shuffle true, this one has shuffle false/, ArgumentError],
    ["fewer steps", {}, { stepsPerEpoch: 2 }, /with stepsPerEpoch 5, this one has stepsPerEpoch 2/, ArgumentError],
    ["another epoch", {}, { initialEpoch: 1 }, /initialEpoch is 1, but resumeFrom goes on in epoch 0/, ArgumentError],
    [
      "another optimizer",
      { optimizer: "sgd" },
      {},
      /of optimizer "adam", the model was compiled with "sgd"/,
      ArgumentError,
    ],
    [
      "an optimizer that keeps more",
      { optimizer: optimizers.adam({ amsgrad: true }) },
      {},
      /slots of adam: it lacks "velocityHat"/,
      ArgumentError,
    ],
    ["other shapes", { units: 6 }, {}, /"dense\/kernel" is \[3,5\], the model's is \[3,6\]/, ShapeError],
    ["other metrics", { metrics: [] }, {}, /sums of 2 losses and metrics, this model reports 1/, ArgumentError],
  ];
  it.each(refusals)("refuses %s", async (_, made, options, message, kind) => {
    const resumeFrom = await stateAfter(2);
    const model = compiled(made);
    const before = await numbers(model);
    const failure = await model.fit(x, y, { ...quiet, ...options, resumeFrom }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toMatch(message);
    expect(await numbers(model)).toEqual(before);
  });

  it("refuses what a metric with other options has counted", async () => {
    const withAuc = (numThresholds: number) => {
      const model = sequential([layers.dense({ units: 1, activation: "sigmoid", inputShape: [3] })]);
      const auc = metrics.auc({ numThresholds });
      model.compile({ backend, optimizer: "sgd", loss: "binaryCrossentropy", metrics: [auc] });
      return model;
    };
    let state: TrainingState | undefined;
    const onBatchEnd = async (_: number, __: unknown, training: Training) => {
      state ??= await training.getState();
    };
    await withAuc(200).fit(x, y, { ...quiet, callbacks: [{ onBatchEnd }] });
    await withAuc(200).fit(x, y, { ...quiet, resumeFrom: state! });
    await expect(withAuc(100).fit(x, y, { ...quiet, resumeFrom: state! })).rejects.toThrow(
      /numbers that metric "auc" has counted, this model counts/,
    );
    const none = { ...state!, fit: { ...state!.fit!, sums: { ...state!.fit!.sums!, counts: {} } } };
    await expect(withAuc(200).fit(x, y, { ...quiet, resumeFrom: none })).rejects.toThrow(
      /has 0 numbers that metric "auc"/,
    );
  });

  it("refuses another model and one that fit has not trained", async () => {
    const deeper = sequential([
      layers.dense({ units: 5, inputShape: [3] }),
      layers.dense({ units: 5 }),
      layers.dense({ units: 2 }),
    ]);
    deeper.compile({ backend, loss: "meanSquaredError", optimizer: "adam" });
    await expect(compiled().fit(x, y, { ...quiet, resumeFrom: await deeper.getTrainingState() })).rejects.toThrow(
      /has "dense_2\/kernel", "dense_2\/bias", which the model lacks/,
    );
    await expect(compiled().fit(x, y, { ...quiet, resumeFrom: await compiled().getTrainingState() })).rejects.toThrow(
      /fit has not trained the model since compile.*setTrainingState/,
    );
  });

  it("brings back frozen weights for all models that share them", async () => {
    const make = (seed: number) => {
      const base = layers.dense({ units: 4, inputShape: [3], name: "base", trainable: false });
      const model = sequential([base, layers.dense({ units: 2, activation: "softmax" })], { seed });
      model.compile({ backend, loss: "sparseCategoricalCrossentropy", optimizer: "sgd" });
      return { model, base };
    };
    const first = make(1);
    await first.model.fit(x, y, { ...quiet, seed: 1 });
    const second = make(2);
    const features = modelOf({ inputs: second.model.inputs[0]!, outputs: second.base.output as never });
    await second.model.fit(x, y, { ...quiet, epochs: 2, resumeFrom: await first.model.getTrainingState() });
    const [kernel] = await numbers(first.model);
    expect((await numbers(second.model))[0]).toEqual(kernel);
    expect((await numbers(features))[0]).toEqual(kernel);
  });
});

describe("setTrainingState", () => {
  it("lets fit go on at another epoch with other data, as the optimizer was", async () => {
    const model = compiled();
    await model.fit(x, y, { ...quiet, epochs: 2 });
    const other = compiled();
    await other.setTrainingState(await model.getTrainingState());
    const half = { data: x.data.slice(0, 30), shape: [10, 3] };
    for (const each of [model, other]) {
      await each.fit(half, y.slice(0, 10), { verbose: 0, batchSize: 3, epochs: 3, initialEpoch: 2 });
    }
    expect(await numbers(other)).toEqual(await numbers(model));
  });

  it("lets trainOnBatch go on", async () => {
    const model = compiled();
    await model.trainOnBatch(x, y);
    const other = compiled();
    await other.setTrainingState(await model.getTrainingState());
    expect(await other.trainOnBatch(x, y)).toEqual(await model.trainOnBatch(x, y));
    expect(await numbers(other)).toEqual(await numbers(model));
  });

  it("is refused while fit runs", async () => {
    const model = compiled();
    const state = await model.getTrainingState();
    const onEpochEnd = () => model.setTrainingState(state);
    await expect(model.fit(x, y, { ...quiet, callbacks: [{ onEpochEnd }] })).rejects.toThrow(/resumeFrom/);
  });
});

describe("setState of a callback", () => {
  it("is refused once training runs", async () => {
    const state = await stateAfter(2);
    const onEpochBegin = (_: number, training: Training) => training.setState(state);
    await expect(compiled().fit(x, y, { ...quiet, callbacks: [{ onEpochBegin }] })).rejects.toThrow(/onTrainBegin/);
  });

  it("undoes what callbacks have done since the state was taken, and gives them back what they keep", async () => {
    let kept = 0;
    const spoiler: Callback = {
      name: "spoiler",
      onTrainBegin: () => {
        kept = 0;
      },
      onEpochBegin: (_, training) => {
        kept++;
        training.learningRate *= 0.5;
      },
      getState: () => kept,
      setState: (state) => {
        kept = state as number;
      },
    };
    const rates: number[] = [];
    const seen: Callback = { onBatchEnd: (_, __, training) => void rates.push(training.learningRate) };
    let state: TrainingState | undefined;
    const keep: Callback = {
      last: true,
      batchInterval: 7,
      onBatchEnd: async (_, __, training) => {
        state = await training.getState();
      },
    };
    const model = compiled();
    await model.fit(x, y, { ...quiet, epochs: 2, callbacks: [spoiler, keep, seen] });
    expect([kept, state!.fit!.callbacks]).toEqual([2, { spoiler: 2 }]);
    const unbroken = rates.splice(0);
    const resumed = compiled();
    await resumed.fit(x, y, { ...quiet, epochs: 2, resumeFrom: state!, callbacks: [spoiler, seen] });
    expect(kept).toBe(2);
    expect(rates).toEqual(unbroken.slice(7));
    expect(await numbers(resumed)).toEqual(await numbers(model));
  });
});

describe("the learning rate", () => {
  it("can be set for the very next step and stays until compile", async () => {
    const model = compiled({ optimizer: optimizers.sgd({ learningRate: 0.1 }) });
    const rates: number[] = [];
    const steps: number[] = [];
    let before = await numbers(model);
    await model.fit(x, y, {
      ...quiet,
      callbacks: [
        {
          onBatchBegin: (step, training) => {
            training.learningRate = step === 2 ? 0 : 0.1 / (step + 1);
          },
          async onBatchEnd(_, __, training) {
            rates.push(training.learningRate);
            const now = await training.getWeights();
            steps.push(
              Math.max(...now.flatMap((values, w) => [...values].map((value, i) => Math.abs(value - before[w]![i]!)))),
            );
            before = now;
          },
        },
      ],
    });
    expect(rates).toEqual([0.1, 0.05, 0, 0.025, 0.02]);
    expect(steps.map((step) => step > 0)).toEqual([true, true, false, true, true]);
    expect((await model.getTrainingState()).optimizer.learningRate).toBe(0.02);
    model.compile({ backend, optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    expect((await model.getTrainingState()).optimizer.learningRate).toBeUndefined();
  });

  it("of a schedule is told and cannot be set", async () => {
    const schedule = schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5 });
    const rates: number[] = [];
    const model = compiled({ optimizer: optimizers.sgd({ learningRate: schedule }) });
    await model.fit(x, y, { ...quiet, callbacks: [{ onBatchBegin: (_, t) => void rates.push(t.learningRate) }] });
    expect(rates).toEqual([0.1, 0.05, 0.025, 0.0125, 0.00625]);
    const onTrainBegin = (training: Training) => {
      training.learningRate = 0.1;
    };
    await expect(model.fit(x, y, { ...quiet, callbacks: [{ onTrainBegin }] })).rejects.toThrow(
      /cannot be set to 0.1: optimizer sgd has a schedule/,
    );
  });

  it.each([-1, Number.NaN])("cannot be %s", async (rate) => {
    const onTrainBegin = (training: Training) => {
      training.learningRate = rate;
    };
    await expect(compiled().fit(x, y, { ...quiet, callbacks: [{ onTrainBegin }] })).rejects.toThrow(
      new RegExp(`is set to ${rate}, expected a finite number`),
    );
  });
});
