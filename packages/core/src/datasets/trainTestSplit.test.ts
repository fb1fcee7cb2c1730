import { describe, expect, test } from "vitest";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { trainTestSplit } from "./trainTestSplit.js";

/** Images [samples, 2, 1, 1] whose bytes tell their sample, and its label. */
function numbered(samples: number, label: (sample: number) => number = (sample) => sample % 3) {
  const images: Tensor<Uint8Array> = {
    data: Uint8Array.from({ length: 2 * samples }, (_, index) => index),
    shape: [samples, 2, 1, 1],
    scale: 1 / 255,
  };
  const labels: Tensor<Int32Array> = {
    data: Int32Array.from({ length: samples }, (_, sample) => label(sample)),
    shape: [samples],
  };
  return { images, labels };
}

/** Which samples a part holds, by the first byte of each image. */
function samplesOf(images: Tensor<Uint8Array>): number[] {
  return Array.from({ length: images.shape[0] as number }, (_, row) => (images.data[2 * row] as number) / 2);
}

function count(labels: Tensor<Int32Array>, label: number): number {
  return labels.data.filter((value) => value === label).length;
}

describe("trainTestSplit", () => {
  test("splits every tensor alike, with its kind, row shape and scale", () => {
    const data = numbered(20);
    const { train, test: held } = trainTestSplit(data);
    expect(train.images.shape).toEqual([15, 2, 1, 1]);
    expect(held.images.shape).toEqual([5, 2, 1, 1]);
    expect(held.images.scale).toBe(1 / 255);
    expect(held.images.data).toBeInstanceOf(Uint8Array);
    expect(held.labels.data).toBeInstanceOf(Int32Array);
    expect([...samplesOf(train.images), ...samplesOf(held.images)].sort((a, b) => a - b)).toEqual([
      ...Array(20).keys(),
    ]);
    for (const part of [train, held]) {
      samplesOf(part.images).forEach((sample, row) => {
        expect([...part.images.data.subarray(2 * row, 2 * row + 2)]).toEqual([2 * sample, 2 * sample + 1]);
        expect(part.labels.data[row]).toBe(sample % 3);
      });
    }
  });

  test("copies", () => {
    const data = numbered(8);
    const { train } = trainTestSplit(data);
    train.images.data.fill(0);
    expect(data.images.data[15]).toBe(15);
  });

  test("keeps any names", () => {
    const x = { data: Float64Array.of(1, 2, 3, 4), shape: [4] };
    const { train, test: held } = trainTestSplit({ x, y: x, weights: x }, { testSize: 1 });
    expect(held.x).toEqual(held.weights);
    expect(train.y.data).toHaveLength(3);
  });

  test("gives the same split for the same seed, another for another", () => {
    const data = numbered(60);
    expect(trainTestSplit(data, { seed: 7 })).toEqual(trainTestSplit(data, { seed: 7 }));
    expect(trainTestSplit(data, { seed: 7 })).not.toEqual(trainTestSplit(data, { seed: 8 }));
    // Part of the format: seed 0 of ten samples. Changing it changes every user's split.
    expect(samplesOf(trainTestSplit(numbered(10)).test.images)).toEqual([0, 9, 3]);
  });

  test("without shuffling takes the last samples, in order", () => {
    const { train, test: held } = trainTestSplit(numbered(10), { shuffle: false, testSize: 0.25 });
    expect(samplesOf(train.images)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(samplesOf(held.images)).toEqual([7, 8, 9]);
  });

  test("takes a number of samples", () => {
    expect(trainTestSplit(numbered(10), { testSize: 3 }).test.images.shape[0]).toBe(3);
  });

  test("stratified, keeps the proportions of the classes and a random order", () => {
    const data = numbered(100, (sample) => (sample < 70 ? 0 : sample < 90 ? 1 : 2));
    const { train, test: held } = trainTestSplit(data, { testSize: 0.2, stratify: data.labels });
    expect([0, 1, 2].map((label) => count(held.labels, label))).toEqual([14, 4, 2]);
    expect([0, 1, 2].map((label) => count(train.labels, label))).toEqual([56, 16, 8]);
    expect(new Set([...samplesOf(train.images), ...samplesOf(held.images)]).size).toBe(100);
    expect([...held.labels.data]).not.toEqual([...held.labels.data].sort());
  });

  test("stratified, gives what rounding leaves to the largest remainders", () => {
    const data = numbered(10, (sample) => (sample < 5 ? 4 : sample < 8 ? 9 : 1));
    const { test: held } = trainTestSplit(data, { testSize: 4, stratify: [...data.labels.data] });
    // Exact shares: 2, 1.2 and 0.8.
    expect([4, 9, 1].map((label) => count(held.labels, label))).toEqual([2, 1, 1]);
  });

  test("refuses tensors that do not fit", () => {
    const { images } = numbered(10);
    const { labels } = numbered(9);
    expect(() => trainTestSplit({ images, labels })).toThrow(ShapeError);
    expect(() => trainTestSplit({ images, labels })).toThrow('"images" has 10 samples, but "labels" has 9');
    const short = { data: new Float32Array(5), shape: [3, 2] };
    expect(() => trainTestSplit({ short })).toThrow('"short" holds 5 numbers, but its shape is [3,2]');
    expect(() => trainTestSplit({})).toThrow("data holds no tensors");
  });

  test.each([0, 1.5, -0.25, Number.NaN, 10, 11, 0.95])("refuses testSize %s of ten samples", (testSize) => {
    expect(() => trainTestSplit(numbered(10), { testSize })).toThrow(ArgumentError);
  });

  test.each([-1, 0.5, 2 ** 53])("refuses seed %s", (seed) => {
    expect(() => trainTestSplit(numbered(10), { seed })).toThrow(ArgumentError);
  });

  test("refuses a stratification that cannot be", () => {
    const data = numbered(10);
    expect(() => trainTestSplit(data, { shuffle: false, stratify: data.labels })).toThrow(ArgumentError);
    expect(() => trainTestSplit(data, { stratify: [1, 2] })).toThrow(ShapeError);
    const lonely = numbered(10, (sample) => (sample === 4 ? 1 : 0));
    expect(() => trainTestSplit(lonely, { stratify: lonely.labels })).toThrow(DataError);
    expect(() => trainTestSplit(lonely, { stratify: lonely.labels })).toThrow("one sample of class 1");
    expect(() => trainTestSplit(data, { testSize: 2, stratify: data.labels })).toThrow("3 classes");
  });
});
