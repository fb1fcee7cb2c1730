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
  });
});
