import { describe, expect, test } from "vitest";
import { dropoutThreshold, streamKey, streamWord, type Tensor } from "../../backend/index.js";
import { seedKey } from "../../random/index.js";
import { callReferenceOp } from "../run/callOp.js";

const attributes = { rate: 0.3, instance: 4 };
const step = { iteration: 7, batchStart: 0, learningRate: 0, stepSize: 0, seed: seedKey(2 ** 40 + 5) };

describe("dropout", () => {
  const ones: Tensor = { shape: [1001], data: new Float32Array(1001).fill(1) };

  test("keeps an element when its word is at least rate * 2^32", () => {
    const [y] = callReferenceOp("dropout", [ones], attributes, step);
    const key = streamKey(step.seed, "dropout", 4);
    y!.data.forEach((value, index) => {
      const kept = streamWord(key, 7, index) >= dropoutThreshold(0.3);
      expect(value).toBe(kept ? Math.fround(1 / 0.7) : 0);
    });
  });

  test("drops the share that was asked for, and the mean stays", () => {
    const { data } = callReferenceOp("dropout", [ones], attributes, step)[0]!;
    const dropped = data.filter((value) => value === 0).length;
    // Five standard deviations of a binomial count.
    expect(Math.abs(dropped - 300)).toBeLessThan(5 * Math.sqrt(1001 * 0.21));
  });

  test("has the same mask in the same step, another in the next and for another layer", () => {
    const mask = (instance: number, iteration: number) =>
      [...callReferenceOp("dropout", [ones], { rate: 0.3, instance }, { ...step, iteration })[0]!.data].map(
        (y) => y > 0,
      );
    expect(mask(4, 7)).toEqual(mask(4, 7));
    expect(mask(4, 8)).not.toEqual(mask(4, 7));
    expect(mask(5, 7)).not.toEqual(mask(4, 7));
  });

  test("keeps everything at rate 0", () => {
    const [y] = callReferenceOp("dropout", [ones], { rate: 0, instance: 0 }, step);
    expect(y!.data).toEqual(ones.data);
  });
});
