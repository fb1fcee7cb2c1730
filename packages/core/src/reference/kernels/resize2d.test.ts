import { describe, expect, test } from "vitest";
import type { Shape, Tensor } from "../../backend/index.js";
import { callReferenceOp } from "../run/callOp.js";

const image = (shape: Shape, ...values: number[]): Tensor => ({ shape, data: Float64Array.from(values) });
const counted = (height: number, width: number): Tensor =>
  image([1, height, width, 1], ...Array.from({ length: height * width }, (_, index) => index));

function expectClose({ data }: Tensor, expected: readonly number[]): void {
  expect(data).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(data[index]).toBeCloseTo(value, 12);
  });
}

describe("bilinear", () => {
  // Half-pixel centres: 4 outputs of 2 pixels lie at -0.25 (clamped to 0), 0.25, 0.75, 1.25 (clamped to 1).
  test("2x2 to 4x4", () => {
    const attributes = { size: [4, 4], interpolation: "bilinear" } as const;
    const [y] = callReferenceOp("resize2d", [image([1, 2, 2, 1], 1, 2, 3, 4)], attributes);
    expect(y!.shape).toEqual([1, 4, 4, 1]);
    expectClose(y!, [1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4]);
  });

  // 3 outputs of 4 pixels lie at 1/6, 3/2 and 17/6; the image is 4 h + w.
  test("4x4 to 3x3", () => {
    const [y] = callReferenceOp("resize2d", [counted(4, 4)], { size: [3, 3], interpolation: "bilinear" });
    const positions = [1 / 6, 3 / 2, 17 / 6];
    expectClose(
      y!,
      positions.flatMap((h) => positions.map((w) => 4 * h + w)),
    );
  });

  test("gradients: what the pixels weigh in all outputs", () => {
    const attributes = { interpolation: "bilinear" } as const;
    const ones = (size: number): Tensor => image([1, size, size, 1], ...Array(size * size).fill(1));
    const larger = { ...attributes, inputShape: [1, 2, 2, 1] };
    expectClose(callReferenceOp("resize2dBackward", [ones(4)], larger)[0]!, [4, 4, 4, 4]);
    const smaller = { ...attributes, inputShape: [1, 4, 4, 1] };
    const weights = [5 / 6, 1 / 6 + 1 / 2, 1 / 2 + 1 / 6, 5 / 6];
    expectClose(
      callReferenceOp("resize2dBackward", [ones(3)], smaller)[0]!,
      weights.flatMap((h) => weights.map((w) => h * w)),
    );
  });

  test("channels and samples stay apart, and one size is the other's copy", () => {
    const x = image([2, 1, 2, 2], 0, 100, 4, 200, 8, 300, 16, 400);
    const [y] = callReferenceOp("resize2d", [x], { size: [1, 4], interpolation: "bilinear" });
    expectClose(y!, [0, 100, 1, 125, 3, 175, 4, 200, 8, 300, 10, 325, 14, 375, 16, 400]);
    expect(callReferenceOp("resize2d", [x], { size: [1, 2], interpolation: "bilinear" })[0]).toEqual(x);
  });
});

describe("nearest", () => {
  const nearest = (x: Tensor, ...size: [number, number]) => [
    ...callReferenceOp("resize2d", [x], { size, interpolation: "nearest" })[0]!.data,
  ];

  test("2x2 to 4x4 repeats every pixel", () => {
    expect(nearest(image([1, 2, 2, 1], 1, 2, 3, 4), 4, 4)).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
  });

  // floor of 2/3, 2 and 10/3
  test("4x4 to 3x3 takes pixels 0, 2 and 3", () => {
    expect(nearest(counted(4, 4), 3, 3)).toEqual([0, 2, 3, 8, 10, 11, 12, 14, 15]);
  });

  // (o + 0.5) 6 / 9 is a whole number for o = 1, 4 and 7.
  test("a position at the border between two pixels belongs to the second", () => {
    expect(nearest(counted(1, 6), 1, 9)).toEqual([0, 1, 1, 2, 3, 3, 4, 5, 5]);
  });

  test("gradient: the sum of the outputs that took the pixel", () => {
    const dy = image([1, 1, 5, 1], 1, 2, 4, 8, 16);
    // floor of 0.2, 0.6, 1, 1.4, 1.8
    const attributes = { inputShape: [1, 1, 2, 1], interpolation: "nearest" } as const;
    expectClose(callReferenceOp("resize2dBackward", [dy], attributes)[0]!, [3, 28]);
    // 3 of 4 pixels are taken: the second has no gradient.
    const few = { inputShape: [1, 1, 4, 1], interpolation: "nearest" } as const;
    expectClose(callReferenceOp("resize2dBackward", [image([1, 1, 3, 1], 1, 2, 4)], few)[0]!, [1, 0, 2, 4]);
  });
});
