import { describe, expect, test } from "vitest";
import type { OpAttributes, Shape, Tensor } from "../../backend/index.js";
import { sizeOf } from "../../backend/index.js";
import { resolvePadding } from "../../ops/window.js";
import { RandomStream } from "../../random/index.js";
import { callReferenceOp } from "../run/callOp.js";

const plain = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;

const image = (height: number, width: number): Tensor => ({
  shape: [1, height, width, 1],
  data: Float32Array.from({ length: height * width }, (_, index) => index + 1),
});

const kernel = (size: number, values: readonly number[]): Tensor => ({
  shape: [size, size, 1, 1],
  data: Float32Array.from(values),
});

describe("conv2d by hand", () => {
  test("3x3 over 4x4 does not flip the kernel", () => {
    // Rows 1..4, 5..8, 9..12, 13..16; the kernel takes the window's top left corner minus its bottom right one.
    const [y] = callReferenceOp("conv2d", [image(4, 4), kernel(3, [1, 0, 0, 0, 0, 0, 0, 0, -1])], plain);
    expect(y!.shape).toEqual([1, 2, 2, 1]);
    expect([...y!.data]).toEqual([-10, -10, -10, -10]);
  });

  test("sum of 3x3 windows", () => {
    const [y] = callReferenceOp("conv2d", [image(4, 4), kernel(3, Array(9).fill(1))], plain);
    expect([...y!.data]).toEqual([54, 63, 90, 99]);
  });

  test("stride 2 takes every other window", () => {
    const [y] = callReferenceOp("conv2d", [image(5, 5), kernel(3, Array(9).fill(1))], { ...plain, strides: [2, 2] });
    expect([...y!.data]).toEqual([63, 81, 153, 171]);
  });

  test("same padding reads zeros around the image", () => {
    const [y] = callReferenceOp("conv2d", [image(3, 3), kernel(3, Array(9).fill(1))], {
      ...plain,
      padding: [1, 1, 1, 1],
    });
    expect([...y!.data]).toEqual([12, 21, 16, 27, 45, 33, 24, 39, 28]);
  });

  test("dilation 2 reads the corners of 3x3", () => {
    const [y] = callReferenceOp("conv2d", [image(3, 3), kernel(2, [1, 10, 100, 1000])], { ...plain, dilation: [2, 2] });
    expect([...y!.data]).toEqual([1 + 30 + 700 + 9000]);
  });

  test("channels and filters", () => {
    const input: Tensor = { shape: [1, 1, 1, 2], data: Float32Array.of(2, 3) };
    const weights: Tensor = { shape: [1, 1, 2, 3], data: Float32Array.of(1, 10, 100, 2, 20, 200) };
    expect([...callReferenceOp("conv2d", [input, weights], plain)[0]!.data]).toEqual([8, 80, 800]);
  });
});

describe("gradients by hand", () => {
  test("dx spreads dy through the kernel", () => {
    const gradient: Tensor = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 10) };
    const weights: Tensor = { shape: [1, 2, 1, 1], data: Float32Array.of(2, 3) };
    const attributes = { ...plain, inputShape: [1, 1, 3, 1] };
    // dx[0] = 1*2, dx[1] = 1*3 + 10*2, dx[2] = 10*3
    expect([...callReferenceOp("conv2dBackwardInput", [gradient, weights], attributes)[0]!.data]).toEqual([2, 23, 30]);
  });

  test("dk correlates x with dy", () => {
    const input: Tensor = { shape: [1, 1, 3, 1], data: Float32Array.of(1, 2, 3) };
    const gradient: Tensor = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 10) };
    const attributes = { ...plain, kernelShape: [1, 2, 1, 1] };
    expect([...callReferenceOp("conv2dBackwardFilter", [input, gradient], attributes)[0]!.data]).toEqual([21, 32]);
  });
});

describe("transposed convolution by hand", () => {
  test("stride 2 puts a scaled kernel in the place of each number", () => {
    const attributes = { ...plain, strides: [2, 2], inputShape: [1, 4, 4, 1] } as const;
    const [y] = callReferenceOp("conv2dBackwardInput", [image(2, 2), kernel(2, [1, 10, 100, 1000])], attributes);
    expect(y!.shape).toEqual([1, 4, 4, 1]);
    expect([...y!.data]).toEqual([1, 10, 2, 20, 100, 1000, 200, 2000, 3, 30, 4, 40, 300, 3000, 400, 4000]);
  });

  test("windows that overlap add up", () => {
    const input: Tensor = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 10) };
    const weights: Tensor = { shape: [1, 3, 1, 1], data: Float32Array.of(1, 2, 3) };
    const attributes = { ...plain, strides: [1, 2], inputShape: [1, 1, 5, 1] } as const;
    const [y] = callReferenceOp("conv2dBackwardInput", [input, weights], attributes);
    expect([...y!.data]).toEqual([1, 2, 3 + 10, 20, 30]);
  });

  test("the kernel's third axis is that of the output channels", () => {
    const input: Tensor = { shape: [1, 1, 1, 3], data: Float32Array.of(1, 2, 3) };
    const weights: Tensor = { shape: [1, 1, 2, 3], data: Float32Array.of(1, 10, 100, 2, 20, 200) };
    const [y] = callReferenceOp("conv2dBackwardInput", [input, weights], { ...plain, inputShape: [1, 1, 1, 2] });
    expect([...y!.data]).toEqual([321, 642]);
  });
});

interface Case {
  readonly name: string;
  readonly input: Shape;
  readonly kernel: Shape;
  readonly attributes: OpAttributes["conv2d"];
}

const same = (input: Shape, kernelShape: Shape, strides: [number, number], dilation: [number, number]) =>
  resolvePadding("same", [input[1]!, input[2]!], [kernelShape[0]!, kernelShape[1]!], strides, dilation);

const cases: Case[] = [
  { name: "valid", input: [2, 7, 6, 3], kernel: [3, 2, 3, 11], attributes: plain },
  {
    name: "same, stride 2 x 3",
    input: [2, 8, 9, 2],
    kernel: [3, 5, 2, 9],
    attributes: { strides: [2, 3], padding: same([2, 8, 9, 2], [3, 5, 2, 9], [2, 3], [1, 1]), dilation: [1, 1] },
  },
  {
    name: "same, dilation 2 x 3",
    input: [1, 6, 7, 2],
    kernel: [3, 3, 2, 4],
    attributes: { strides: [1, 1], padding: same([1, 6, 7, 2], [3, 3, 2, 4], [1, 1], [2, 3]), dilation: [2, 3] },
  },
  {
    name: "windows that lie mostly in the padding",
    input: [1, 2, 2, 1],
    kernel: [3, 3, 1, 2],
    attributes: { strides: [2, 1], padding: [3, 2, 0, 4], dilation: [1, 2] },
  },
];

/** The formula of the op, term by term: calls `term` with the flat indices of each x, k and y that belong together. */
function eachTerm(
  { input, kernel: [KH, KW, , F], attributes: { strides, padding, dilation } }: Case & { kernel: Shape },
  output: Shape,
  term: (x: number, k: number, y: number) => void,
): void {
  const [N, H, W, C] = input as [number, number, number, number];
  const [, OH, OW] = output as [number, number, number];
  for (let n = 0; n < N; n++)
    for (let oh = 0; oh < OH; oh++)
      for (let ow = 0; ow < OW; ow++)
        for (let kh = 0; kh < KH!; kh++)
          for (let kw = 0; kw < KW!; kw++) {
            const h = oh * strides[0] + kh * dilation[0] - padding[0];
            const w = ow * strides[1] + kw * dilation[1] - padding[2];
            if (h >= 0 && h < H && w >= 0 && w < W) {
              for (let c = 0; c < C; c++)
                for (let f = 0; f < F!; f++) {
                  const x = ((n * H + h) * W + w) * C + c;
                  const k = ((kh * KW! + kw) * C + c) * F! + f;
                  term(x, k, ((n * OH + oh) * OW + ow) * F! + f);
                }
            }
          }
}

describe.each(cases)("against the formula: $name", (example) => {
  const stream = new RandomStream(1, "test");
  // A third of the numbers is 0, as after relu.
  const random = (shape: Shape): Tensor => ({
    shape,
    data: Float64Array.from({ length: sizeOf(shape) }, () => Math.max(0, stream.uniformBetween(-1, 2))),
  });
  const [x, k] = [random(example.input), random(example.kernel)];
  const [y] = callReferenceOp("conv2d", [x, k], example.attributes);
  const dy = random(y!.shape);

  test("output", () => {
    const expected = new Float64Array(y!.data.length);
    eachTerm(example, y!.shape, (ix, ik, iy) => {
      expected[iy] = expected[iy]! + x.data[ix]! * k.data[ik]!;
    });
    expectClose(y!, expected);
  });

  test("input gradient", () => {
    const expected = new Float64Array(x.data.length);
    eachTerm(example, y!.shape, (ix, ik, iy) => {
      expected[ix] = expected[ix]! + dy.data[iy]! * k.data[ik]!;
    });
    const attributes = { ...example.attributes, inputShape: example.input };
    expectClose(callReferenceOp("conv2dBackwardInput", [dy, k], attributes)[0]!, expected);
  });

  test("kernel gradient", () => {
    const expected = new Float64Array(k.data.length);
    eachTerm(example, y!.shape, (ix, ik, iy) => {
      expected[ik] = expected[ik]! + x.data[ix]! * dy.data[iy]!;
    });
    const attributes = { ...example.attributes, kernelShape: example.kernel };
    expectClose(callReferenceOp("conv2dBackwardFilter", [x, dy], attributes)[0]!, expected);
  });
});

function expectClose(actual: Tensor, expected: Float64Array): void {
  expect(actual.data).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(actual.data[index]).toBeCloseTo(value, 12);
  });
}
