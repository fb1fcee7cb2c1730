import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { layers, type losses, optimizers, schedules, sequential } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

/** y = w x without bias, w = 2, on x = 1 towards t: the gradient of (w - t)^2 is 2 (w - t). */
async function weightsAfter(
  steps: number,
  optimizer: ReturnType<typeof optimizers.adam>,
  target: number,
): Promise<number[]> {
  const model = sequential([layers.dense({ units: 1, useBias: false, inputShape: [1] })]);
  model.compile({ backend, optimizer, loss: "meanSquaredError" satisfies losses.LossName });
  await model.setWeights([{ data: Float32Array.of(2), shape: [1, 1] }]);
  const seen: number[] = [];
  for (let step = 0; step < steps; step++) {
    await model.trainOnBatch([[1]], [[target]]);
    seen.push((await model.getWeights())[0]!.data[0]!);
  }
  model.dispose();
  return seen;
}

describe("updates, by the published formulas in float64", () => {
  it("adam: Kingma and Ba's algorithm 1 with bias correction, epsilon 1e-7", async () => {
    const expected: number[] = [];
    let [w, m, v] = [2, 0, 0];
    for (let t = 1; t <= 3; t++) {
      const g = 2 * (w - 5);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const rate = (0.001 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
      w -= (rate * m) / (Math.sqrt(v) + 1e-7);
      expected.push(w);
    }
    const seen = await weightsAfter(3, optimizers.adam(), 5);
    seen.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index]!, 6);
    });
    // The first step of Adam is the learning rate itself, whatever the gradient.
    expect(seen[0]).toBeCloseTo(2.001, 6);
  });

  it("adamW takes learningRate * weightDecay of the weight off first", async () => {
    const [plain] = await weightsAfter(1, optimizers.adam({ learningRate: 0.1 }), 5);
    const [decayed] = await weightsAfter(1, optimizers.adamW({ learningRate: 0.1, weightDecay: 0.01 }), 5);
    expect(decayed! - plain!).toBeCloseTo(-0.1 * 0.01 * 2, 6);
  });

  it("sgd, with momentum, with Nesterov", async () => {
    // g = 2 (w - 1): 2, then by hand.
    expect((await weightsAfter(2, optimizers.sgd({ learningRate: 0.1 }), 1)).map(rounded)).toEqual([1.8, 1.64]);
    // v1 = -0.2, w1 = 1.8; v2 = 0.5 * -0.2 - 0.1 * 1.6 = -0.26, w2 = 1.54.
    const momentum = await weightsAfter(2, optimizers.sgd({ learningRate: 0.1, momentum: 0.5 }), 1);
    expect(momentum.map(rounded)).toEqual([1.8, 1.54]);
    // w1 = 2 + 0.5 * -0.2 - 0.2 = 1.7; g = 1.4, v2 = -0.1 - 0.14 = -0.24, w2 = 1.7 - 0.12 - 0.14 = 1.44.
    const nesterov = await weightsAfter(2, optimizers.sgd({ learningRate: 0.1, momentum: 0.5, nesterov: true }), 1);
    expect(nesterov.map(rounded)).toEqual([1.7, 1.44]);
  });

  it("rmsprop divides by the root of the mean square", async () => {
    // g = 2, s = 0.1 * 4 = 0.4: w = 2 - 0.01 * 2 / sqrt(0.4).
    const [first] = await weightsAfter(1, optimizers.rmsprop({ learningRate: 0.01 }), 1);
    expect(first).toBeCloseTo(2 - 0.02 / Math.sqrt(0.4), 6);
  });

  it("clipping bounds the gradient by value and by norm", async () => {
    // The gradient is -6; each bound leaves -0.5.
    for (const clip of [{ clipValue: 0.5 }, { clipNorm: 0.5 }, { globalClipNorm: 0.5 }]) {
      const [first] = await weightsAfter(1, optimizers.sgd({ learningRate: 1, ...clip }), 5);
      expect(first).toBeCloseTo(2.5, 6);
    }
    const [untouched] = await weightsAfter(1, optimizers.sgd({ learningRate: 1, clipNorm: 100 }), 5);
    expect(untouched).toBeCloseTo(8, 5);
  });

  it("follows a schedule, step by step", async () => {
    const seen = await weightsAfter(3, optimizers.sgd({ learningRate: (step) => (step === 1 ? 0.1 : 1e-9) }), 1);
    expect(seen.map(rounded)).toEqual([2, 1.8, 1.8]);
  });

  it("refuses options out of range", () => {
    expect(() => optimizers.adam({ learningRate: 0 })).toThrow(/learningRate is 0/);
    expect(() => optimizers.adam({ beta1: 1 })).toThrow(/beta1 is 1/);
    expect(() => optimizers.sgd({ momentum: -0.1 })).toThrow(/momentum is -0.1/);
    expect(() => optimizers.sgd({ clipNorm: 1, clipValue: 1 })).toThrow(/clipNorm and clipValue are given; use one/);
    expect(() => optimizers.sgd({ clipNorm: 0 })).toThrow(/clipNorm is 0/);
  });
});

/** Weights of the model above after every step, from Keras 3 in float32: w = 2, target 5. */
describe("three new optimizers and the options of all of them, by the numbers of Keras 3", () => {
  const rate = { learningRate: 0.1 };

  it.each([
    ["nadam", optimizers.nadam(rate), [2.1062789, 2.182415, 2.2518258, 2.3198059]],
    ["adagrad", optimizers.adagrad(rate), [2.0998614, 2.1693156, 2.2254281]],
    ["lion", optimizers.lion(rate), [2.1, 2.2, 2.3]],
    [
      "lion with weight decay, past the target",
      optimizers.lion({ learningRate: 0.5, weightDecay: 0.1 }),
      [2.4, 2.78, 3.1410003, 3.4839501, 3.8097527, 4.1192651, 4.4133019, 4.692637, 4.958005, 5.2101049],
    ],
  ] as const)("%s", async (_, optimizer, expected) => {
    const seen = await weightsAfter(expected.length, optimizer, 5);
    seen.forEach((value, step) => {
      expect(value).toBeCloseTo(expected[step]!, 5);
    });
  });

  it("adagrad and lion: two steps by hand", async () => {
    // g = -6: a = 0.1 + 36, w = 2 + 0.6 / sqrt(36.1); then g = 2 (w - 5), a grows by its square.
    const [first, second] = await weightsAfter(2, optimizers.adagrad(rate), 5);
    expect(first).toBeCloseTo(2 + 0.6 / Math.sqrt(36.1), 6);
    const g = 2 * (first! - 5);
    expect(second).toBeCloseTo(first! - (0.1 * g) / Math.sqrt(36.1 + g * g), 6);
    // Without an initial value the first step is of the size of the rate, whatever the gradient.
    const [bare] = await weightsAfter(1, optimizers.adagrad({ ...rate, initialAccumulatorValue: 0 }), 5);
    expect(bare).toBeCloseTo(2.1, 5);
    // The sign of 0.9 m + 0.1 g alone decides: with w = 2 and target 2.05, the momentum carries on past the target.
    expect((await weightsAfter(2, optimizers.lion(rate), 2.05)).map(rounded)).toEqual([2.1, 2]);
  });

  it("nadam: two steps by Dozat's formulas", async () => {
    const u = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** t);
    let [w, m, v, product] = [2, 0, 0, 1];
    const seen = await weightsAfter(2, optimizers.nadam(rate), 5);
    for (const t of [1, 2]) {
      const g = 2 * (w - 5);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      product *= u(t);
      const mean = (u(t + 1) * m) / (1 - product * u(t + 1)) + ((1 - u(t)) * g) / (1 - product);
      w -= (0.1 * mean) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-7);
      expect(seen[t - 1]).toBeCloseTo(w, 5);
    }
  });

  const decay = { ...rate, weightDecay: 0.3 };
  it.each([
    ["sgd", optimizers.sgd(decay), [2.54, 2.9558001, 3.275966]],
    ["rmsprop", optimizers.rmsprop(decay), [2.2562277, 2.4080195, 2.5155704]],
    ["adam", optimizers.adam(decay), [2.0399992, 2.0787609, 2.1162994]],
    ["adamW", optimizers.adamW(decay), [2.0399992, 2.0787609, 2.1162994]],
    ["nadam", optimizers.nadam(decay), [2.046279, 2.0617254, 2.0705063]],
    ["adagrad", optimizers.adagrad(decay), [2.0398614, 2.0488524, 2.0447185]],
    ["lion", optimizers.lion(decay), [2.04, 2.0788, 2.1164358]],
  ] as const)(
    "weightDecay of %s takes learningRate * weightDecay off before the update",
    async (_, optimizer, expected) => {
      const seen = await weightsAfter(3, optimizer, 5);
      seen.forEach((value, step) => {
        expect(value).toBeCloseTo(expected[step]!, 5);
      });
    },
  );

  it.each([
    [
      "three steps, adam",
      optimizers.adam({ ...rate, gradientAccumulationSteps: 3 }),
      [2, 2, 2.0999992, 2.0999992, 2.0999992, 2.1998954, 2.1998954],
    ],
    [
      "two steps, momentum, decay, clipping",
      optimizers.sgd({ ...rate, momentum: 0.5, weightDecay: 0.1, clipValue: 4, gradientAccumulationSteps: 2 }),
      [2, 2.3800001, 2.3800001, 2.9562001, 2.9562001, 3.6266382],
    ],
    [
      "four steps, nadam",
      optimizers.nadam({ ...rate, gradientAccumulationSteps: 4 }),
      [2, 2, 2, 2.1062789, 2.1062789, 2.1062789, 2.1062789, 2.182415, 2.182415],
    ],
    [
      "a moving average that takes over every third step",
      optimizers.sgd({ ...rate, useEma: true, emaMomentum: 0.75, emaOverwriteFrequency: 3 }),
      [2.6, 3.08, 2.906, 3.3248, 3.6598401, 3.3617063, 3.6893649],
    ],
    [
      "both, counting updates",
      optimizers.sgd({
        ...rate,
        useEma: true,
        emaMomentum: 0.75,
        emaOverwriteFrequency: 2,
        gradientAccumulationSteps: 2,
      }),
      [2, 2.6, 2.6, 2.7199998, 2.7199998, 3.1759999, 2.9194999, 3.0171123],
    ],
  ] as const)("steps that differ: %s", async (_, optimizer, expected) => {
    const seen = await weightsAfter(expected.length, optimizer, 5);
    seen.forEach((value, step) => {
      expect(value).toBeCloseTo(expected[step]!, 5);
    });
  });

  it("accumulated gradients are those of one larger batch, with several steps in a run and other gradients each", async () => {
    const x = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
    const y = Float32Array.from({ length: 24 }, (_, i) => Math.cos(3 * i));
    const trained = async (batchSize: number, gradientAccumulationSteps?: number) => {
      const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
      const steps = gradientAccumulationSteps === undefined ? {} : { gradientAccumulationSteps };
      model.compile({ backend, optimizer: optimizers.adam({ ...rate, clipNorm: 0.5, ...steps }), loss: "huber" });
      const { history } = await model.fit(x, y, { batchSize, epochs: 5, shuffle: false, verbose: 0 });
      const weights = (await model.getWeights()).flatMap(({ data }) => [...data]);
      model.dispose();
      return { weights, losses: history.loss! };
    };
    const large = await trained(8);
    const small = await trained(2, 4);
    small.weights.forEach((weight, index) => {
      expect(weight).toBeCloseTo(large.weights[index]!, 5);
    });
    // The mean loss of an epoch is the same as well: weights stand still between updates.
    small.losses.forEach((loss, epoch) => {
      expect(loss).toBeCloseTo(large.losses[epoch]!, 5);
    });
  });

  it("useEma: the average takes the place of the weights when fit ends, also for those who ask later", async () => {
    const model = sequential([layers.dense({ units: 1, useBias: false, inputShape: [1] })]);
    model.compile({
      backend,
      optimizer: optimizers.sgd({ ...rate, useEma: true, emaMomentum: 0.75 }),
      loss: "meanSquaredError",
    });
    await model.setWeights([{ data: Float32Array.of(2), shape: [1, 1] }]);
    const before: number[] = [];
    const fitted = await model.fit([[1]], [[5]], {
      epochs: 4,
      verbose: 0,
      callbacks: [
        {
          async onEpochEnd(_, __, training) {
            before.push((await training.getWeights())[0]![0]!);
          },
        },
      ],
    });
    expect(fitted.epochs).toHaveLength(4);
    expect(before.map(rounded)).toEqual([2.6, 3.08, 3.464, 3.7712]);
    expect((await model.getWeights())[0]!.data[0]).toBeCloseTo(3.1223, 5);
    model.dispose();
  });

  it("slots start anew at their first values after a loss that is not finite", async () => {
    const model = sequential([layers.dense({ units: 1, useBias: false, inputShape: [1] })]);
    model.compile({ backend, optimizer: optimizers.adagrad(rate), loss: "meanSquaredError" });
    await model.setWeights([{ data: Float32Array.of(2), shape: [1, 1] }]);
    await expect(model.trainOnBatch([[1e20]], [[-1e20]])).rejects.toThrow(/the loss of this batch is Infinity/);
    await model.trainOnBatch([[1]], [[5]]);
    expect((await model.getWeights())[0]!.data[0]).toBeCloseTo(2 + 0.6 / Math.sqrt(36.1), 6);
    model.dispose();
  });

  it("has one plan where steps are alike, and few where they differ", () => {
    expect(optimizers.adam(decay).phases).toBeUndefined();
    const { phases } = optimizers.sgd({ useEma: true, emaOverwriteFrequency: 5, gradientAccumulationSteps: 4 });
    expect(phases!.examples.map((step) => phases!.of(step)).sort()).toEqual(
      ["begin", "add", "update"]
        .flatMap((gradients) => [
          `${gradients} begin false`,
          `${gradients} continue false`,
          `${gradients} continue true`,
        ])
        .sort(),
    );
    for (let step = 0; step < 100; step++) {
      expect(phases!.examples.map((example) => phases!.of(example))).toContain(phases!.of(step));
    }
  });

  it("refuse options out of range", () => {
    expect(() => optimizers.sgd({ weightDecay: -1 })).toThrow(/sgd: weightDecay is -1/);
    expect(() => optimizers.nadam({ beta1: 1 })).toThrow(/nadam: beta1 is 1/);
    expect(() => optimizers.lion({ beta1: 0 })).toThrow(/lion: beta1 is 0, expected a number above 0/);
    expect(() => optimizers.adagrad({ initialAccumulatorValue: -0.1 })).toThrow(/initialAccumulatorValue is -0.1/);
    expect(() => optimizers.adam({ useEma: true, emaMomentum: 1.5 })).toThrow(/adam: emaMomentum is 1.5/);
    expect(() => optimizers.adam({ emaOverwriteFrequency: 2 })).toThrow(/set useEma: true, too/);
    expect(() => optimizers.adam({ useEma: true, emaOverwriteFrequency: 0 })).toThrow(/emaOverwriteFrequency is 0/);
    expect(() => optimizers.adam({ gradientAccumulationSteps: 1 })).toThrow(
      /gradientAccumulationSteps is 1, expected an integer of at least 2/,
    );
  });
});

function rounded(value: number): number {
  return Number(value.toFixed(5));
}

describe("schedules, by Keras' formulas", () => {
  it("stepDecay halves", () => {
    const rate = schedules.stepDecay({ initialLearningRate: 0.8, dropEvery: 10 });
    expect([0, 9, 10, 25].map(rate)).toEqual([0.8, 0.8, 0.4, 0.2]);
  });

  it("exponentialDecay is smooth or a staircase", () => {
    const options = { initialLearningRate: 1, decaySteps: 4, decayRate: 0.25 };
    expect([0, 2, 4].map(schedules.exponentialDecay(options))).toEqual([1, 0.5, 0.25]);
    expect([3, 4, 7].map(schedules.exponentialDecay({ ...options, staircase: true }))).toEqual([1, 0.25, 0.25]);
  });

  it("cosineDecay goes from the rate to alpha times the rate and stays there", () => {
    const rate = schedules.cosineDecay({ initialLearningRate: 2, decaySteps: 10, alpha: 0.1 });
    expect(rate(0)).toBe(2);
    expect(rate(5)).toBeCloseTo(1.1, 10);
    expect(rate(10)).toBeCloseTo(0.2, 10);
    expect(rate(99)).toBeCloseTo(0.2, 10);
  });

  it("inverseTimeDecay divides by more and more, smoothly or in steps", () => {
    const options = { initialLearningRate: 6, decaySteps: 4, decayRate: 2 };
    // 6 / (1 + 2 * 2 / 4), 6 / (1 + 2), 6 / (1 + 2 * 10 / 4)
    expect([0, 2, 4, 10].map(schedules.inverseTimeDecay(options))).toEqual([6, 3, 2, 1]);
    expect([3, 4, 7, 8].map(schedules.inverseTimeDecay({ ...options, staircase: true }))).toEqual([6, 2, 2, 1.2]);
  });

  it("polynomialDecay falls to the last rate and stays, or climbs again", () => {
    const options = { initialLearningRate: 9, decaySteps: 4, endLearningRate: 1 };
    expect([0, 1, 2, 4, 5, 100].map(schedules.polynomialDecay(options))).toEqual([9, 7, 5, 1, 1, 1]);
    // 8 * (1 - 1 / 2)^2 + 1
    expect([0, 2, 4].map(schedules.polynomialDecay({ ...options, power: 2 }))).toEqual([9, 3, 1]);
    // From step 5 on it is a line over 8 steps, from step 9 on over 12.
    expect([0, 4, 6, 8, 9, 12].map(schedules.polynomialDecay({ ...options, cycle: true }))).toEqual([9, 1, 3, 1, 3, 1]);
    expect(schedules.polynomialDecay({ initialLearningRate: 1, decaySteps: 2 })(2)).toBe(0.0001);
  });

  it("piecewiseConstantDecay changes after its boundaries", () => {
    const rate = schedules.piecewiseConstantDecay({ boundaries: [100, 110], values: [1, 0.5, 0.1] });
    expect([0, 100, 101, 110, 111, 1e6].map(rate)).toEqual([1, 1, 0.5, 0.5, 0.1, 0.1]);
    expect(schedules.piecewiseConstantDecay({ boundaries: [], values: [0.3] })(7)).toBe(0.3);
  });

  it("cosineDecayRestarts begins anew, each time for longer", () => {
    const rate = schedules.cosineDecayRestarts({ initialLearningRate: 2, firstDecaySteps: 10, mMul: 0.5, alpha: 0.1 });
    // Periods of 10, 20, 40 steps with cosines of height 1, 1/2, 1/4: 2 * (0.9 * height * share + 0.1).
    const expected = [2, 1.1, 1.1, 0.65, 0.65, 0.425];
    [0, 5, 10, 20, 30, 50].forEach((step, index) => {
      expect(rate(step)).toBeCloseTo(expected[index]!, 10);
    });
    expect(rate(9)).toBeLessThan(0.3);
    expect(rate(29)).toBeLessThan(0.22);
    const even = schedules.cosineDecayRestarts({ initialLearningRate: 4, firstDecaySteps: 8, tMul: 1 });
    expect([0, 8, 16, 800].map(even)).toEqual([4, 4, 4, 4]);
    expect(even(12)).toBeCloseTo(2, 10);
    // Restarts are where they are to be, whatever the logarithms round to: behind 1, 11, 111, ... periods.
    const tenfold = schedules.cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 1, tMul: 10 });
    expect([0, 1, 11, 111, 1111, 11111].map(tenfold)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(tenfold(11110)).toBeLessThan(1e-6);
  });

  it("warmUp climbs to the first rate of what follows", () => {
    const rate = schedules.warmUp({
      steps: 4,
      followedBy: schedules.stepDecay({ initialLearningRate: 0.8, dropEvery: 2 }),
    });
    expect([0, 2, 4, 6].map(rate)).toEqual([0, 0.4, 0.8, 0.4]);
    expect(schedules.warmUp({ steps: 2, followedBy: 1, from: 0.5 })(1)).toBe(0.75);
  });

  it("refuses rates that are not above 0", () => {
    expect(() => schedules.constant(-1)).toThrow(/learningRate is -1/);
    expect(() => schedules.cosineDecay({ initialLearningRate: 1, decaySteps: 0 })).toThrow(/decaySteps is 0/);
    expect(() => schedules.inverseTimeDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: -1 })).toThrow(
      /decayRate is -1/,
    );
    expect(() => schedules.polynomialDecay({ initialLearningRate: 1, decaySteps: 1, power: 0 })).toThrow(/power is 0/);
    expect(() => schedules.cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 1, tMul: 0.5 })).toThrow(
      /tMul is 0.5, expected a number of at least 1/,
    );
    const pieces = (boundaries: number[], values: number[]) => () =>
      schedules.piecewiseConstantDecay({ boundaries, values });
    expect(pieces([1, 2], [0.1, 0.2])).toThrow(
      /\[1,2\] are boundaries of as many rates and one more, got values \[0.1,0.2\]/,
    );
    expect(pieces([2, 2], [1, 2, 3])).toThrow(/boundaries\[1\] is 2, expected a number above/);
    expect(pieces([2], [1, -3])).toThrow(/values\[1\] is -3/);
  });
});
