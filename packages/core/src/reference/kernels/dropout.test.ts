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

describe("channelDropout", () => {
  test("keeps a channel of a sample as a whole, by word n C + c of the dropout stream", () => {
    const ones: Tensor = { shape: [3, 2, 2, 5], data: new Float32Array(60).fill(1) };
    const [y] = callReferenceOp("channelDropout", [ones], attributes, step);
    const key = streamKey(step.seed, "dropout", 4);
    y!.data.forEach((value, index) => {
      const [n, c] = [Math.floor(index / 20), index % 5];
      const kept = streamWord(key, 7, n * 5 + c) >= dropoutThreshold(0.3);
      expect(value).toBe(kept ? Math.fround(1 / 0.7) : 0);
    });
  });

  test("of rows is dropout", () => {
    const rows: Tensor = { shape: [7, 9], data: Float32Array.from({ length: 63 }, (_, index) => index) };
    expect(callReferenceOp("channelDropout", [rows], attributes, step)).toEqual(
      callReferenceOp("dropout", [rows], attributes, step),
    );
  });
});
