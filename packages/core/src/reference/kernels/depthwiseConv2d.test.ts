import { describe, expect, test } from "vitest";
import type { Shape, Tensor } from "../../backend/index.js";
import { sizeOf } from "../../backend/index.js";
import { RandomStream } from "../../random/index.js";
import { callReferenceOp } from "../run/callOp.js";

const plain = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
const tensor = (shape: Shape, ...values: number[]): Tensor => ({ shape, data: Float64Array.from(values) });

describe("depthwiseConv2d by hand", () => {
  test("the kernels of one channel are neighbours in the output", () => {
    const kernel = tensor([1, 1, 2, 3], 1, 10, 100, 2, 20, 200);
    const [y] = callReferenceOp("depthwiseConv2d", [tensor([1, 1, 1, 2], 2, 3), kernel], plain);
    expect(y!.shape).toEqual([1, 1, 1, 6]);
    expect([...y!.data]).toEqual([2, 20, 200, 6, 60, 600]);
  });

  // Two channels of two columns, a kernel of both columns.
  const input = tensor([1, 1, 2, 2], 1, 2, 3, 4);
  const kernel = tensor([1, 2, 2, 1], 1, 10, 100, 1000);
  const dy = tensor([1, 1, 1, 2], 5, 7);

  test("channels do not mix", () => {
    // Channel 1: 1 * 1 + 3 * 100; channel 2: 2 * 10 + 4 * 1000.
    expect([...callReferenceOp("depthwiseConv2d", [input, kernel], plain)[0]!.data]).toEqual([301, 4020]);
  });

  test("gradients", () => {
    const attributes = { ...plain, inputShape: input.shape };
    const dx = callReferenceOp("depthwiseConv2dBackwardInput", [dy, kernel], attributes)[0]!;
    expect([...dx.data]).toEqual([5, 70, 500, 7000]);
    const dk = callReferenceOp("depthwiseConv2dBackwardFilter", [input, dy], {
      ...plain,
      kernelShape: kernel.shape,
    })[0]!;
    expect([...dk.data]).toEqual([5, 14, 15, 28]);
  });
});

test("depthwiseConv2d is a convolution with a kernel that is 0 between channels", () => {
  const stream = new RandomStream(5, "test");
  const random = (shape: Shape): Tensor =>
    tensor(shape, ...Array.from({ length: sizeOf(shape) }, () => stream.normal()));
  const [C, M] = [3, 2];
  const [input, kernel] = [random([2, 6, 7, C]), random([3, 2, C, M])];
  const attributes = { strides: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 2] } as const;
  const wide = tensor([3, 2, C, C * M], ...Array(3 * 2 * C * C * M).fill(0));
  kernel.data.forEach((value, index) => {
    const [m, c, window] = [index % M, Math.floor(index / M) % C, Math.floor(index / M / C)];
    wide.data[(window * C + c) * C * M + c * M + m] = value;
  });
  const [y] = callReferenceOp("depthwiseConv2d", [input, kernel], attributes);
  const [expected] = callReferenceOp("conv2d", [input, wide], attributes);
  expect(y!.shape).toEqual(expected!.shape);
  expected!.data.forEach((value, index) => {
    expect(y!.data[index]).toBeCloseTo(value, 12);
  });
});
