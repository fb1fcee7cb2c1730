import { describe, expect, test } from "vitest";
import { streamKey, streamWord, type Tensor } from "../../backend/index.js";
import { seedKey } from "../../random/index.js";
import { callReferenceOp } from "../run/callOp.js";

const count = 100_000;
const step = { iteration: 7, batchStart: 0, learningRate: 0, stepSize: 0, seed: seedKey(2 ** 40 + 5) };
const constant = (value: number, length = count): Tensor => ({
  shape: [length],
  data: new Float64Array(length).fill(value),
});
const noise = (instance: number, iteration = 7, length = count) =>
  callReferenceOp("gaussianNoise", [constant(0, length)], { stddev: 1, instance }, { ...step, iteration })[0]!.data;

function moment(values: Iterable<number>, power: number): number {
  let sum = 0;
  for (const value of values) {
    sum += value ** power;
  }
  return sum / count;
}

describe("gaussianNoise", () => {
  test("is Box and Muller's formula over two words of the noise stream an element", () => {
    const key = streamKey(step.seed, "noise", 4);
    const values = noise(4, 7, 5);
    for (let i = 0; i < 5; i++) {
      const u = (streamWord(key, 7, 2 * i) + 1) / 2 ** 32;
      const v = streamWord(key, 7, 2 * i + 1) / 2 ** 32;
      expect(values[i]).toBeCloseTo(Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v), 12);
    }
  });

  // The standard errors of the moments of n standard normal numbers: 1, 2, 15 and 96 over n, under the root.
  test("has the moments of the normal distribution, within four standard errors", () => {
    const values = noise(4) as Float64Array;
    expect(Math.abs(moment(values, 1))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(moment(values, 3))).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(moment(values, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
    const within = values.filter((value) => Math.abs(value) < 1).length;
    expect(Math.abs(within - 0.6826894921 * count)).toBeLessThan(4 * Math.sqrt(count * 0.6827 * 0.3173));
  });

  test("neighbours, steps and instances are independent", () => {
    const values = noise(4);
    const correlation = (other: ArrayLike<number>) =>
      moment(
        Array.from(values, (value, i) => value * other[i]!),
        1,
      );
    for (const other of [noise(4, 8), noise(5), [...values.subarray(1), 0]]) {
      expect(Math.abs(correlation(other))).toBeLessThan(4 / Math.sqrt(count));
    }
  });

  test("adds its deviation times that to the input", () => {
    const inputs = [constant(3, 5)];
    const [y] = callReferenceOp("gaussianNoise", inputs, { stddev: 0.5, instance: 4 }, step);
    expect([...y!.data]).toEqual(Array.from(noise(4, 7, 5), (value) => 3 + 0.5 * value));
  });
});

test("gaussianDropout multiplies by 1 plus the same numbers, so that mean and deviation are those asked for", () => {
  const [y] = callReferenceOp("gaussianDropout", [constant(2)], { stddev: 0.5, instance: 4 }, step);
  expect([...y!.data.subarray(0, 5)]).toEqual(Array.from(noise(4, 7, 5), (value) => 2 * (1 + 0.5 * value)));
  expect(Math.abs(moment(y!.data, 1) - 2)).toBeLessThan(4 / Math.sqrt(count));
});
