import { describe, expect, test } from "vitest";
import type { OpAttributes, StepValues, Tensor } from "../../backend/index.js";
import { nadamSteps } from "../../ops/nadamSteps.js";
import { callReferenceOp } from "../run/callOp.js";

const flat = (...values: number[]): Tensor => ({ shape: [values.length], data: Float64Array.from(values) });
const step = (stepSize: number, learningRate = stepSize): StepValues => ({
  iteration: 0,
  batchStart: 0,
  learningRate,
  stepSize,
  seed: [0, 0],
});

function expectClose(tensor: Tensor, ...expected: number[]): void {
  expected.forEach((value, index) => {
    expect(tensor.data[index]).toBeCloseTo(value, 14);
  });
}

describe("sgdUpdate", () => {
  test("plain", () => {
    const w = flat(1, 2);
    callReferenceOp("sgdUpdate", [w, flat(10, -10)], { momentum: 0, nesterov: false }, step(0.1));
    expectClose(w, 0, 3);
  });

  test("momentum", () => {
    const [w, v] = [flat(1), flat(0)];
    const attributes = { momentum: 0.5, nesterov: false };
    callReferenceOp("sgdUpdate", [w, flat(2), v], attributes, step(0.1));
    expectClose(v, -0.2);
    expectClose(w, 0.8);
    callReferenceOp("sgdUpdate", [w, flat(1), v], attributes, step(0.1));
    expectClose(v, -0.1 - 0.1);
    expectClose(w, 0.6);
  });

  test("Nesterov momentum looks ahead", () => {
    const [w, v] = [flat(1), flat(0)];
    const attributes = { momentum: 0.5, nesterov: true };
    callReferenceOp("sgdUpdate", [w, flat(2), v], attributes, step(0.1));
    expectClose(v, -0.2);
    expectClose(w, 1 + 0.5 * -0.2 - 0.2);
    callReferenceOp("sgdUpdate", [w, flat(1), v], attributes, step(0.1));
    expectClose(v, -0.2);
    expectClose(w, 0.7 + 0.5 * -0.2 - 0.1);
  });
});

describe("rmspropUpdate", () => {
  const plain: OpAttributes["rmspropUpdate"] = { rho: 0.75, momentum: 0, epsilon: 0, centered: false };

  test("plain", () => {
    const [w, squares] = [flat(1), flat(0)];
    callReferenceOp("rmspropUpdate", [w, flat(4), squares], plain, step(0.1));
    expectClose(squares, 4);
    expectClose(w, 1 - (0.1 * 4) / 2);
    callReferenceOp("rmspropUpdate", [w, flat(0), squares], plain, step(0.1));
    expectClose(squares, 3);
    expectClose(w, 0.8);
  });

  test("epsilon stands inside the root", () => {
    const w = flat(1);
    callReferenceOp("rmspropUpdate", [w, flat(4), flat(0)], { ...plain, epsilon: 12 }, step(0.1));
    expectClose(w, 1 - 0.4 / 4);
  });

  test("momentum", () => {
    const [w, squares, velocity] = [flat(1), flat(0), flat(0.3)];
    callReferenceOp("rmspropUpdate", [w, flat(4), squares, velocity], { ...plain, momentum: 0.5 }, step(0.1));
    expectClose(velocity, 0.15 + 0.2);
    expectClose(w, 1 - 0.35);
  });

  test("centered divides by the standard deviation; the mean is the last input with and without momentum", () => {
    // s = 4, m = 0.25 * 4 = 1, d = 3
    const [w, mean] = [flat(1), flat(0)];
    callReferenceOp("rmspropUpdate", [w, flat(4), flat(0), mean], { ...plain, centered: true }, step(0.1));
    expectClose(mean, 1);
    expectClose(w, 1 - 0.4 / Math.sqrt(3));

    const [w2, velocity, mean2] = [flat(1), flat(0), flat(0)];
    const attributes = { ...plain, centered: true, momentum: 0.5 };
    callReferenceOp("rmspropUpdate", [w2, flat(4), flat(0), velocity, mean2], attributes, step(0.1));
    expectClose(mean2, 1);
    expectClose(velocity, 0.4 / Math.sqrt(3));
    expectClose(w2, 1 - 0.4 / Math.sqrt(3));
  });
});

describe("adamUpdate", () => {
  const plain: OpAttributes["adamUpdate"] = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, amsgrad: false };
  /** The step size of update t, from 1 on. */
  const stepSize = (rate: number, t: number) => (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);

  test("the first two updates follow the published formula", () => {
    const gradients = [2, -0.5];
    let [weight, m, v] = [1, 0, 0];
    const [w, first, second] = [flat(1), flat(0), flat(0)];
    gradients.forEach((g, index) => {
      // Algorithm 1 of Kingma and Ba, with the corrected moments divided as the paper writes them.
      const t = index + 1;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const corrected = Math.sqrt(v / (1 - 0.999 ** t)) + 1e-7 / Math.sqrt(1 - 0.999 ** t);
      weight -= (0.01 * (m / (1 - 0.9 ** t))) / corrected;
      callReferenceOp("adamUpdate", [w, flat(g), first, second], plain, step(stepSize(0.01, t), 0.01));
      expectClose(first, m);
      expectClose(second, v);
      expectClose(w, weight);
    });
  });

  test("the first update is the learning rate against the sign of the gradient", () => {
    const w = flat(1, 1);
    callReferenceOp("adamUpdate", [w, flat(2, -300), flat(0, 0), flat(0, 0)], plain, step(stepSize(0.01, 1)));
    expect(w.data[0]).toBeCloseTo(0.99, 6);
    expect(w.data[1]).toBeCloseTo(1.01, 6);
  });

  test("weight decay is not scaled by the moments", () => {
    const w = flat(2);
    callReferenceOp("adamUpdate", [w, flat(0), flat(0), flat(0)], { ...plain, weightDecay: 0.1 }, step(1, 0.5));
    expectClose(w, 2 - 0.5 * 0.1 * 2);
  });

  test("amsgrad divides by the largest second moment so far", () => {
    const [w, largest] = [flat(1), flat(4)];
    const attributes = { ...plain, epsilon: 0, amsgrad: true };
    callReferenceOp("adamUpdate", [w, flat(1), flat(0), flat(0), largest], attributes, step(1));
    expectClose(largest, 4);
    expectClose(w, 1 - 0.1 / 2);
    callReferenceOp("adamUpdate", [flat(1), flat(1), flat(0), flat(9), largest], attributes, step(1));
    expectClose(largest, 0.999 * 9 + 0.001);
  });

  test("float32 slots are rounded once", () => {
    const slots = Array.from({ length: 2 }, (): Tensor => ({ shape: [1], data: new Float32Array(1) }));
    const w: Tensor = { shape: [1], data: Float32Array.of(1) };
    callReferenceOp("adamUpdate", [w, { shape: [1], data: Float32Array.of(0.1) }, ...slots], plain, step(0.001));
    const g = Math.fround(0.1);
    expect(slots[0]!.data[0]).toBe(Math.fround((1 - 0.9) * g));
    expect(slots[1]!.data[0]).toBe(Math.fround((1 - 0.999) * (g * g)));
  });
});

test("adagradUpdate, two steps", () => {
  const [w, a] = [flat(1), flat(4)];
  callReferenceOp("adagradUpdate", [w, flat(2), a], { epsilon: 1 }, step(0.1));
  expectClose(a, 8);
  expectClose(w, 1 - (0.1 * 2) / 3);
  callReferenceOp("adagradUpdate", [w, flat(-4), a], { epsilon: 1 }, step(0.5));
  expectClose(a, 24);
  expectClose(w, 1 - (0.1 * 2) / 3 + (0.5 * 4) / 5);
});

describe("nadamUpdate", () => {
  const attributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-3 };
  const at = (iteration: number, rate: number): StepValues => ({
    ...step(0),
    iteration,
    ...nadamSteps(iteration, rate, attributes.beta1, attributes.beta2),
  });

  test("two steps", () => {
    const [w, m, v] = [flat(1), flat(0), flat(0)];
    // u = 0.9 (1 - 0.96^t / 2) of steps 1 to 3.
    const [u1, u2, u3] = [0.468, 0.48528, 0.5018688];
    callReferenceOp("nadamUpdate", [w, flat(1), m, v], attributes, at(0, 0.1));
    expectClose(m, 0.1);
    expectClose(v, 0.001);
    const first = (u2 * 0.1) / (1 - u1 * u2) + (1 - u1) / (1 - u1);
    expectClose(w, 1 - (0.1 * first) / (1 + 1e-3));
    callReferenceOp("nadamUpdate", [w, flat(-2), m, v], attributes, at(1, 0.2));
    expectClose(m, -0.11);
    expectClose(v, 0.004999);
    const second = (u3 * -0.11) / (1 - u1 * u2 * u3) + ((1 - u2) * -2) / (1 - u1 * u2);
    const root = Math.sqrt(0.004999 / (1 - 0.999 ** 2));
    expectClose(w, 1 - (0.1 * first) / (1 + 1e-3) - (0.2 * second) / (root + 1e-3));
  });

  test("its step values settle", () => {
    const { stepSize, gradientStep, secondMomentScale } = nadamSteps(1e9, 0.5, 0.9, 0.999);
    expect([stepSize, gradientStep, secondMomentScale]).toEqual([0.45, expect.closeTo(0.05, 15), 1]);
    expect(nadamSteps(7, 0, 0.9, 0.999)).toMatchObject({ stepSize: 0, gradientStep: 0 });
    expect(nadamSteps(3, 1, 0, 0.9)).toMatchObject({ stepSize: 0, gradientStep: 1 });
  });
});

describe("lionUpdate", () => {
  const attributes = { beta1: 0.9, beta2: 0.99, weightDecay: 0 };

  test("two steps", () => {
    const [w, m] = [flat(1, 1), flat(0, 0)];
    callReferenceOp("lionUpdate", [w, flat(2, -5), m], attributes, step(0.1));
    expectClose(w, 0.9, 1.1);
    expectClose(m, 0.02, -0.05);
    // 0.9 * 0.02 - 0.1 * 0.1 still points up, 0.1 * 1 - 0.9 * 0.05 does as well.
    callReferenceOp("lionUpdate", [w, flat(-0.1, 1), m], attributes, step(0.1));
    expectClose(w, 0.8, 1);
    expectClose(m, 0.0188, -0.0395);
  });

  test("stands still without gradient and momentum", () => {
    const w = flat(3);
    callReferenceOp("lionUpdate", [w, flat(0), flat(0)], attributes, step(0.1));
    expectClose(w, 3);
  });

  test("weight decay takes its share of the learning rate", () => {
    const w = flat(2);
    callReferenceOp("lionUpdate", [w, flat(1), flat(0)], { ...attributes, weightDecay: 0.5 }, step(0.25, 0.1));
    expectClose(w, 2 - 0.1 * 0.5 * 2 - 0.25);
  });
});

describe("clip", () => {
  test("by value", () => {
    const gradients = flat(-3, -0.5, 0, 0.5, 3);
    callReferenceOp("clipByValue", [gradients], { limit: 1 });
    expectClose(gradients, -1, -0.5, 0, 0.5, 1);
  });

  test("by norm, only where it is larger", () => {
    const gradients = flat(3, -4);
    callReferenceOp("clipByNorm", [gradients], { limit: 5 });
    expectClose(gradients, 3, -4);
    callReferenceOp("clipByNorm", [gradients], { limit: 1 });
    expectClose(gradients, 0.6, -0.8);
  });

  test("a norm of 0 stays 0", () => {
    const gradients = flat(0, 0);
    callReferenceOp("clipByNorm", [gradients], { limit: 1 });
    expectClose(gradients, 0, 0);
  });
});

test("decayWeights takes learningRate * rate of each weight off", () => {
  const w = flat(2, -4, 0);
  callReferenceOp("decayWeights", [w], { rate: 0.5 }, step(99, 0.1));
  expectClose(w, 1.9, -3.8, 0);
});
