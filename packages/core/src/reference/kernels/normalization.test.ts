import { describe, expect, test } from "vitest";
import type { Shape, Tensor } from "../../backend/index.js";
import { sizeOf } from "../../backend/index.js";
import { RandomStream } from "../../random/index.js";
import { callReferenceOp } from "../run/callOp.js";

const tensor = (shape: Shape, ...values: number[]): Tensor => ({ shape, data: Float64Array.from(values) });
const channels = (...values: number[]): Tensor => tensor([values.length], ...values);

function expectClose({ data }: Tensor, ...expected: number[]): void {
  expect(data).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(data[index]).toBeCloseTo(value, 12);
  });
}

describe("batch normalization by hand", () => {
  // Means 6 and 11, variances 25 and 81; with epsilon 144 the roots are 13 and 15, so xhat is 5/13 and 0.6 either way.
  const x = tensor([2, 2], 1, 2, 11, 20);
  const [mean, variance] = [channels(6, 11), channels(25, 81)];
  const [gamma, beta] = [channels(13, 5), channels(1, 2)];
  const dy = tensor([2, 2], 1, 2, 3, -4);
  const epsilon = 144;

  test("forward", () => {
    const [y, ...statistics] = callReferenceOp("batchNorm", [x, gamma, beta], { epsilon, scale: true, center: true });
    expectClose(y!, -4, -1, 6, 5);
    expectClose(statistics[0]!, 6, 11);
    expectClose(statistics[1]!, 25, 81);
  });

  test("with gamma or beta alone, and with neither", () => {
    expectClose(callReferenceOp("batchNorm", [x, gamma], { epsilon, scale: true, center: false })[0]!, -5, -3, 5, 3);
    const shifted = callReferenceOp("batchNorm", [x, beta], { epsilon, scale: false, center: true })[0]!;
    expectClose(shifted, 1 - 5 / 13, 1.4, 1 + 5 / 13, 2.6);
    const plain = callReferenceOp("batchNorm", [x], { epsilon, scale: false, center: false })[0]!;
    expectClose(plain, -5 / 13, -0.6, 5 / 13, 0.6);
  });

  test("backward", () => {
    const sums = callReferenceOp("batchNormBackwardSums", [dy, x, mean, variance], { epsilon });
    expectClose(sums[0]!, 10 / 13, -3.6);
    expectClose(sums[1]!, 4, -2);
    const dx = callReferenceOp("batchNormBackwardInput", [dy, x, mean, variance, ...sums, gamma], {
      epsilon,
      scale: true,
    })[0]!;
    // Channel 1: 13/13 (1 - 2 + 5/13 * 5/13); channel 2: 5/15 (2 + 1 - 0.6 * 1.8).
    expectClose(dx, -144 / 169, 0.64, 144 / 169, -0.64);
  });

  test("of one row is beta, its variance 0", () => {
    const row = tensor([1, 2], 7, -3);
    const [y, , spread] = callReferenceOp("batchNorm", [row, beta], { epsilon: 1e-3, scale: false, center: true });
    expectClose(y!, 1, 2);
    expectClose(spread!, 0, 0);
  });

  test("normalize takes the statistics from outside", () => {
    const given = [x, channels(1, 20), channels(25, 81), gamma, beta];
    const y = callReferenceOp("normalize", given, { epsilon, scale: true, center: true })[0]!;
    expectClose(y, 1, 2 - 6, 1 + 10, 2);
    const dx = callReferenceOp("normalizeBackwardInput", [dy, variance, gamma], { epsilon, scale: true })[0]!;
    expectClose(dx, 1, 2 / 3, 3, -4 / 3);
    const plain = callReferenceOp("normalizeBackwardInput", [dy, variance], { epsilon, scale: false })[0]!;
    expectClose(plain, 1 / 13, 2 / 15, 3 / 13, -4 / 15);
  });
});

describe("group normalization by hand", () => {
  test("layer normalization of a row", () => {
    // Mean 2.5, variance 1.25; with epsilon 1 the root is 1.5.
    const row = tensor([1, 4], 1, 2, 3, 4);
    const attributes = { groups: 1, epsilon: 1, scale: true, center: true };
    const vectors = [channels(1, 3, 3, 2), channels(0, 1, 0, -1)];
    const [y, mean, variance] = callReferenceOp("groupNorm", [row, ...vectors], attributes);
    expectClose(y!, -1, 0, 1, 1);
    expect(mean!.shape).toEqual([1, 1]);
    expectClose(mean!, 2.5);
    expectClose(variance!, 1.25);
    const dy = tensor([1, 4], 1, 0, 0, 0);
    const plain = { groups: 1, epsilon: 1, scale: false };
    const dx = callReferenceOp("groupNormBackwardInput", [dy, row, mean!, variance!], plain)[0]!;
    expectClose(dx, 1 / 3, -2 / 9, -1 / 9, 0);
    const sums = callReferenceOp("groupNormBackwardSums", [dy, row, mean!, variance!], { groups: 1, epsilon: 1 });
    expectClose(sums[0]!, -1, 0, 0, 0);
    expectClose(sums[1]!, 1, 0, 0, 0);
  });

  test("groups are neighbouring channels", () => {
    const x = tensor([1, 1, 2, 4], 1, 3, 10, 20, 5, 7, 30, 40);
    const attributes = { groups: 2, epsilon: 0, scale: false, center: false };
    const [y, mean, variance] = callReferenceOp("groupNorm", [x], attributes);
    expect(mean!.shape).toEqual([1, 2]);
    expectClose(mean!, 4, 25);
    expectClose(variance!, 5, 125);
    const [a, b] = [1 / Math.sqrt(5), 1 / Math.sqrt(125)];
    expectClose(y!, -3 * a, -a, -15 * b, -5 * b, a, 3 * a, 5 * b, 15 * b);
  });

  test("with a group for each channel of one sample is batch normalization of it", () => {
    const stream = new RandomStream(3, "test");
    const random = (shape: Shape): Tensor =>
      tensor(shape, ...Array.from({ length: sizeOf(shape) }, () => stream.normal()));
    const [x, dy, gamma, beta] = [random([1, 4, 5, 3]), random([1, 4, 5, 3]), random([3]), random([3])];
    const both = { epsilon: 1e-3, scale: true, center: true };
    const [y, mean, variance] = callReferenceOp("batchNorm", [x, gamma, beta], both);
    const grouped = callReferenceOp("groupNorm", [x, gamma, beta], { ...both, groups: 3 });
    expectClose(grouped[0]!, ...y!.data);
    expectClose(grouped[1]!, ...mean!.data);
    expectClose(grouped[2]!, ...variance!.data);
    const { epsilon, scale } = both;
    const sums = callReferenceOp("batchNormBackwardSums", [dy, x, mean!, variance!], { epsilon });
    const tensors = [dy, x, ...grouped.slice(1)];
    const groupedSums = callReferenceOp("groupNormBackwardSums", tensors, { groups: 3, epsilon });
    expectClose(groupedSums[0]!, ...sums[0]!.data);
    expectClose(groupedSums[1]!, ...sums[1]!.data);
    const dx = callReferenceOp("batchNormBackwardInput", [dy, x, mean!, variance!, ...sums, gamma], { epsilon, scale });
    const groupedDx = callReferenceOp("groupNormBackwardInput", [...tensors, gamma], { groups: 3, epsilon, scale });
    expectClose(groupedDx[0]!, ...dx[0]!.data);
  });
});

test("moving average after three steps", () => {
  const state = channels(0, 10);
  for (const _ of [1, 2, 3]) {
    callReferenceOp("movingAverage", [state, channels(10, 10)], { momentum: 0.9 });
  }
  // 1, then 1.9, then 2.71
  expectClose(state, 2.71, 10);
});
