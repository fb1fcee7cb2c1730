import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../errors.js";
import type { LabelledImages } from "./labelledImages.js";
import { syntheticDigits } from "./syntheticDigits.js";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("syntheticDigits", () => {
  test("gives what mnist() gives", () => {
    const { images, labels } = syntheticDigits({ samples: 20 });
    expect(images.data).toBeInstanceOf(Uint8Array);
    expect(images.data).toHaveLength(20 * 28 * 28);
    expect(images.shape).toEqual([20, 28, 28, 1]);
    expect(images.scale).toBe(1 / 255);
    expect(labels.data).toBeInstanceOf(Int32Array);
    expect(labels.shape).toEqual([20]);
  });

  // Part of the format: figures that were measured on these images hold for as long as these digests do.
  test("gives the same bytes for ever", () => {
    const { images, labels } = syntheticDigits({ samples: 500 });
    expect(sha256(images.data)).toBe("3ae4e23ce4a848338893f3c37a994c7e41676b4013572ca5a143e5074a0bda0a");
    expect([...labels.data.subarray(0, 20)]).toEqual([4, 3, 0, 1, 8, 6, 5, 2, 7, 9, 1, 9, 6, 5, 8, 2, 0, 3, 4, 7]);
    expect(sha256(syntheticDigits({ samples: 50, seed: 2 ** 53 - 1, size: 20 }).images.data)).toBe(
      "a4cb860c946b7e5ebbd1efddeafd55c6ac688383204fcae2316848ddb6229741",
    );
  });

  test("draws sample i from the seed and i alone", () => {
    const few = syntheticDigits({ samples: 13, seed: 5 });
    const many = syntheticDigits({ samples: 47, seed: 5 });
    expect(many.images.data.subarray(0, few.images.data.length)).toEqual(few.images.data);
    expect(many.labels.data.subarray(0, 13)).toEqual(few.labels.data);
  });

  test("gives other images for another seed", () => {
    const first = syntheticDigits({ samples: 100 });
    const second = syntheticDigits({ samples: 100, seed: 1 });
    expect(second.labels.data).not.toEqual(first.labels.data);
    expect(second.images.data).not.toEqual(first.images.data);
  });

  test("holds each digit once in every ten, in changing order", () => {
    const { labels } = syntheticDigits({ samples: 200 });
    const orders = new Set<string>();
    for (let start = 0; start < 200; start += 10) {
      const ten = [...labels.data.subarray(start, start + 10)];
      orders.add(ten.join());
      expect(ten.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(orders.size).toBe(20);
  });

  test.each([8, 17, 28, 64])("draws light digits on dark paper at size %s", (size) => {
    const { images } = syntheticDigits({ samples: 50, size });
    expect(images.shape).toEqual([50, size, size, 1]);
    for (let sample = 0; sample < 50; sample++) {
      const image = images.data.subarray(sample * size * size, (sample + 1) * size * size);
      const inked = image.filter((value) => value > 110).length / image.length;
      expect(inked).toBeGreaterThan(0.02);
      expect(inked).toBeLessThan(0.45);
    }
  });

  test.each([
    { samples: 0 },
    { samples: 2.5 },
    { samples: 10, seed: -1 },
    { samples: 10, seed: 0.5 },
    { samples: 10, size: 7 },
    { samples: 10, size: 1025 },
  ])("refuses %o", (options) => {
    expect(() => syntheticDigits(options)).toThrow(ArgumentError);
    expect(() => syntheticDigits(options)).toThrow(/is -?[\d.]+, expected an integer from/);
  });

  test("is beyond a linear classifier, and not for want of training it", () => {
    const train = features(syntheticDigits({ samples: 4000 }));
    const fresh = features(syntheticDigits({ samples: 2000, seed: 1 }));
    const weights = trainLogisticRegression(train, 30);
    const trained = accuracy(train, weights);
    const tested = accuracy(fresh, weights);
    // The optimiser gets the training images nearly all right: what fails on fresh ones is the linear model.
    expect(trained).toBeGreaterThan(0.94);
    expect(tested).toBeLessThan(0.95);
    expect(tested).toBeGreaterThan(0.8);
  });
});

const CLASSES = 10;

interface Features {
  /** [N, P + 1], centred, the last column 1 for the bias. */
  readonly rows: Float32Array;
  readonly labels: Int32Array;
  readonly width: number;
}

function features({ images, labels }: LabelledImages): Features {
  const samples = labels.data.length;
  const pixels = images.data.length / samples;
  const width = pixels + 1;
  const rows = new Float32Array(samples * width);
  for (let sample = 0; sample < samples; sample++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      rows[sample * width + pixel] = (images.data[sample * pixels + pixel] as number) / 255 - 0.2;
    }
    rows[sample * width + pixels] = 1;
  }
  return { rows, labels: labels.data, width };
}

/** Class scores of one row. */
function scores({ rows, width }: Features, sample: number, weights: Float32Array, result: Float64Array): void {
  result.fill(0);
  for (let column = 0; column < width; column++) {
    const value = rows[sample * width + column] as number;
    for (let label = 0; label < CLASSES; label++) {
      result[label] = (result[label] as number) + value * (weights[column * CLASSES + label] as number);
    }
  }
}

/** Multinomial logistic regression by Adam on batches of 100, its rate falling evenly to zero: converged, not stopped. */
function trainLogisticRegression(data: Features, epochs: number): Float32Array {
  const { rows, labels, width } = data;
  const size = width * CLASSES;
  const weights = new Float32Array(size);
  const gradient = new Float64Array(size);
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  const probabilities = new Float64Array(CLASSES);
  const batch = 100;
  const steps = (epochs * labels.length) / batch;
  for (let step = 1; step <= steps; step++) {
    gradient.fill(0);
    for (let offset = 0; offset < batch; offset++) {
      const sample = (step * batch + offset) % labels.length;
      scores(data, sample, weights, probabilities);
      const largest = Math.max(...probabilities);
      const sum = probabilities.reduce((total, score) => total + Math.exp(score - largest), 0);
      for (let label = 0; label < CLASSES; label++) {
        const probability = Math.exp((probabilities[label] as number) - largest) / sum;
        probabilities[label] = (probability - (label === labels[sample] ? 1 : 0)) / batch;
      }
      for (let column = 0; column < width; column++) {
        const value = rows[sample * width + column] as number;
        for (let label = 0; label < CLASSES; label++) {
          const at = column * CLASSES + label;
          gradient[at] = (gradient[at] as number) + value * (probabilities[label] as number);
        }
      }
    }
    const rate = 0.006 * (1 - (step - 1) / steps);
    for (let at = 0; at < size; at++) {
      const slope = gradient[at] as number;
      mean[at] = 0.9 * (mean[at] as number) + 0.1 * slope;
      square[at] = 0.999 * (square[at] as number) + 0.001 * slope * slope;
      const corrected = (mean[at] as number) / (1 - 0.9 ** step);
      const spread = Math.sqrt((square[at] as number) / (1 - 0.999 ** step));
      weights[at] = (weights[at] as number) - (rate * corrected) / (spread + 1e-7);
    }
  }
  return weights;
}

function accuracy(data: Features, weights: Float32Array): number {
  const result = new Float64Array(CLASSES);
  let right = 0;
  data.labels.forEach((label, sample) => {
    scores(data, sample, weights, result);
    right += result.indexOf(Math.max(...result)) === label ? 1 : 0;
  });
  return right / data.labels.length;
}
