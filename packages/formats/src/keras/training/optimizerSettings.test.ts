import type { JsonValue } from "@convoy/core";
import { describe, expect, test } from "vitest";
import { readOptimizer } from "./optimizerSettings.js";

function read(
  className: string,
  config: Record<string, JsonValue>,
): {
  readonly rate: (step: number) => number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly told: readonly string[];
} {
  const told: string[] = [];
  const made = readOptimizer({ class_name: className, config }, (message) => told.push(message))!;
  return { rate: made.schedule, config: made.config!, told };
}

const scheduled = (className: string, config: Record<string, JsonValue>): JsonValue => ({
  module: "keras.optimizers.schedules",
  class_name: className,
  config: { name: className, ...config },
  registered_name: null,
});

describe("the learning rate of an optimizer of a file", () => {
  test("follows exponential decay", () => {
    const learning_rate = scheduled("ExponentialDecay", {
      initial_learning_rate: 0.1,
      decay_steps: 10,
      decay_rate: 0.5,
      staircase: true,
    });
    const { rate, told } = read("SGD", { name: "sgd", learning_rate, momentum: 0.9 });
    expect([rate(0), rate(9), rate(10), rate(20)]).toEqual([0.1, 0.1, 0.05, 0.025]);
    expect(told).toEqual([]);
  });

  test("follows cosine decay, with and without a warm-up", () => {
    const plain = { initial_learning_rate: 0.2, decay_steps: 100, alpha: 0.5, warmup_steps: 5, warmup_target: null };
    const decay = read("Adam", { learning_rate: scheduled("CosineDecay", plain) });
    expect(decay.rate(0)).toBeCloseTo(0.2, 12);
    expect(decay.rate(50)).toBeCloseTo(0.15, 12);
    const warmed = { ...plain, initial_learning_rate: 0.1, warmup_target: 0.3, warmup_steps: 10 };
    const warm = read("Adam", { learning_rate: { class_name: "CosineDecay", config: warmed } });
    expect(warm.rate(0)).toBeCloseTo(0.1, 12);
    expect(warm.rate(5)).toBeCloseTo(0.2, 12);
    expect(warm.rate(10)).toBeCloseTo(0.3, 12);
    expect(warm.rate(110)).toBeCloseTo(0.15, 12);
    expect([...decay.told, ...warm.told]).toEqual([]);
  });

  test.each([
    [
      "InverseTimeDecay",
      { initial_learning_rate: 0.6, decay_steps: 4, decay_rate: 2, staircase: false },
      [0.6, 0.3, 0.2],
    ],
    [
      "InverseTimeDecay",
      { initial_learning_rate: 0.6, decay_steps: 4, decay_rate: 2, staircase: true },
      [0.6, 0.6, 0.2],
    ],
    ["PolynomialDecay", { initial_learning_rate: 0.5, decay_steps: 4, end_learning_rate: 0.1 }, [0.5, 0.3, 0.1]],
    [
      "PolynomialDecay",
      { initial_learning_rate: 0.5, decay_steps: 2, end_learning_rate: 0.1, cycle: true },
      [0.5, 0.1, 0.1],
    ],
    ["PiecewiseConstantDecay", { boundaries: [1, 3], values: [0.3, 0.2, 0.1] }, [0.3, 0.2, 0.1]],
    [
      "CosineDecayRestarts",
      { initial_learning_rate: 0.4, first_decay_steps: 4, t_mul: 2, m_mul: 0.5 },
      [0.4, 0.2, 0.2],
    ],
  ])("follows %s of %j", (className, config, expected) => {
    const { rate, told } = read("Adam", { learning_rate: scheduled(className, config) });
    [0, 2, 4].forEach((step, index) => {
      expect(rate(step)).toBeCloseTo(expected[index]!, 12);
    });
    expect(told).toEqual([]);
  });

  test("stays at the first of a schedule of somebody's own, and a warning names it", () => {
    const learning_rate = scheduled("MyDecay", { initial_learning_rate: 0.4, decay_steps: 10 });
    const { rate, told } = read("Adam", { learning_rate });
    expect([rate(0), rate(1000)]).toEqual([0.4, 0.4]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch("learning_rate MyDecay, which is not known here: it stays at 0.4");
  });

  test("is the default where that says no rate, and a warning names it", () => {
    const { rate, told } = read("Adam", { learning_rate: scheduled("MyDecay", { table: [0.1, 0.01] }) });
    expect(rate(0)).toBe(0.001);
    expect(told[0]).toMatch(/MyDecay.*the optimizer's default/);
  });

  test("of a known schedule with settings that fit nothing is refused as Convoy's own function does", () => {
    expect(() =>
      read("Adam", { learning_rate: scheduled("PiecewiseConstantDecay", { boundaries: [5], values: 3 }) }),
    ).toThrow(/piecewiseConstantDecay: \[5\] are boundaries/);
  });
});

test("moving averages of the weights are taken over with their settings", () => {
  const average = { use_ema: true, ema_momentum: 0.9, ema_overwrite_frequency: 7, gradient_accumulation_steps: 3 };
  const { config, told } = read("Adam", { learning_rate: 0.01, ...average });
  expect(config).toMatchObject({
    useEma: true,
    emaMomentum: 0.9,
    emaOverwriteFrequency: 7,
    gradientAccumulationSteps: 3,
  });
  expect(told).toEqual([]);
});

test("what Keras writes by default is not told", () => {
  const { told } = read("Nadam", {
    name: "nadam",
    learning_rate: 0.001,
    decay: 0,
    schedule_decay: 0.004,
    beta_1: 0.9,
    beta_2: 0.999,
    epsilon: 1e-7,
    weight_decay: null,
    clipnorm: null,
    global_clipnorm: null,
    clipvalue: null,
    use_ema: false,
    ema_momentum: 0.99,
    ema_overwrite_frequency: 100,
    jit_compile: true,
    is_legacy_optimizer: false,
    loss_scale_factor: null,
    gradient_accumulation_steps: null,
  });
  expect(told).toEqual([]);
});

test("decay of Keras 1 and 2 is taken over: it divides the rate", () => {
  const { rate, told } = read("SGD", { lr: 0.05, decay: 0.25, momentum: 0, nesterov: false });
  expect([rate(0), rate(4), rate(16)]).toEqual([0.05, 0.025, 0.01]);
  expect(told).toEqual([]);
  const none = read("SGD", { learning_rate: 0.05, decay: 0 });
  expect(none.config.learningRate).toBe(0.05);
});

test("decay beside a schedule is told", () => {
  const learning_rate = scheduled("InverseTimeDecay", { initial_learning_rate: 1, decay_steps: 1, decay_rate: 1 });
  const { told } = read("SGD", { learning_rate, decay: 1e-4 });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/SGD of the file has decay 0.0001, which is not taken over/);
});
