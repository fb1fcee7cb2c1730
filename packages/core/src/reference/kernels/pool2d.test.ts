import { describe, expect, test } from "vitest";
import type { OpAttributes, Tensor } from "../../backend/index.js";
import { callReferenceOp } from "../run/callOp.js";

const pool2: OpAttributes["maxPool2d"] = {
  poolSize: [2, 2],
  strides: [2, 2],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
};

const image = (height: number, width: number, ...values: number[]): Tensor => ({
  shape: [1, height, width, 1],
  data: Float32Array.from(values),
});

describe("maxPool2d", () => {
  test("takes the largest number and its position", () => {
    const [y, argmax] = callReferenceOp("maxPool2d", [image(2, 4, 1, 2, 8, 7, 4, 3, 5, 6)], pool2);
    expect([...y!.data]).toEqual([4, 8]);
    expect([...argmax!.data]).toEqual([2, 0]);
    expect(argmax!.data).toBeInstanceOf(Int32Array);
  });

  test("finds the largest of negative numbers", () => {
    const [y, argmax] = callReferenceOp("maxPool2d", [image(2, 2, -9, -3.5, -1e30, -4)], pool2);
    expect([...y!.data]).toEqual([-3.5]);
    expect([...argmax!.data]).toEqual([1]);
  });

  test("-Infinity everywhere still wins over nothing", () => {
    const [y, argmax] = callReferenceOp("maxPool2d", [image(2, 2, ...Array(4).fill(-Infinity))], pool2);
    expect([...y!.data]).toEqual([-Infinity]);
    expect([...argmax!.data]).toEqual([0]);
  });

  test("the first of equals wins", () => {
    expect([...callReferenceOp("maxPool2d", [image(2, 2, 1, 5, 5, 5)], pool2)[1]!.data]).toEqual([1]);
    expect([...callReferenceOp("maxPool2d", [image(2, 2, 0, 0, 0, 0)], pool2)[1]!.data]).toEqual([0]);
  });

  test("padding never wins, and positions count it", () => {
    const attributes = { ...pool2, strides: [1, 1], padding: [1, 0, 1, 0] } as const;
    const [y, argmax] = callReferenceOp("maxPool2d", [image(2, 2, -1, -2, -3, -4)], attributes);
    expect([...y!.data]).toEqual([-1, -1, -1, -1]);
    expect([...argmax!.data]).toEqual([3, 2, 1, 0]);
  });

  test("channels are pooled apart", () => {
    const input: Tensor = { shape: [1, 1, 2, 2], data: Float32Array.of(1, 20, 2, 10) };
    const [y, argmax] = callReferenceOp("maxPool2d", [input], { ...pool2, poolSize: [1, 2], strides: [1, 2] });
    expect([...y!.data]).toEqual([2, 20]);
    expect([...argmax!.data]).toEqual([1, 0]);
  });

  test("the gradient goes to the winners, and adds up where windows overlap", () => {
    const attributes = { ...pool2, poolSize: [1, 2], strides: [1, 1] } as const;
    const [, argmax] = callReferenceOp("maxPool2d", [image(1, 4, 1, 9, 2, 3)], attributes);
    const gradient = image(1, 3, 1, 10, 100);
    const [dx] = callReferenceOp("maxPool2dBackward", [gradient, argmax!], { ...attributes, inputShape: [1, 1, 4, 1] });
    expect([...dx!.data]).toEqual([0, 11, 0, 100]);
  });

  test("the gradient of padded windows stays inside", () => {
    const attributes = { ...pool2, padding: [1, 0, 1, 0] } as const;
    const [, argmax] = callReferenceOp("maxPool2d", [image(3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9)], attributes);
    const [dx] = callReferenceOp("maxPool2dBackward", [image(2, 2, 1, 2, 3, 4), argmax!], {
      ...attributes,
      inputShape: [1, 3, 3, 1],
    });
    expect([...dx!.data]).toEqual([1, 0, 2, 0, 0, 0, 3, 0, 4]);
  });

  test("rows and columns that no window reaches get no gradient", () => {
    const [, argmax] = callReferenceOp("maxPool2d", [image(3, 3, 1, 2, 9, 3, 4, 9, 9, 9, 9)], pool2);
    const [dx] = callReferenceOp("maxPool2dBackward", [image(1, 1, 5), argmax!], {
      ...pool2,
      inputShape: [1, 3, 3, 1],
    });
    expect([...dx!.data]).toEqual([0, 0, 0, 0, 5, 0, 0, 0, 0]);
  });
});

describe("averagePool2d", () => {
  test("the mean of each window", () => {
    expect([...callReferenceOp("averagePool2d", [image(2, 4, 1, 2, 8, 7, 4, 3, 5, 6)], pool2)[0]!.data]).toEqual([
      2.5, 6.5,
    ]);
  });

  test("padding counts neither in the sum nor in the divisor", () => {
    const attributes = { ...pool2, padding: [0, 1, 0, 1] } as const;
    const [y] = callReferenceOp("averagePool2d", [image(3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9)], attributes);
    expect([...y!.data]).toEqual([3, 4.5, 7.5, 9]);
  });

  test("the gradient is spread over the positions inside", () => {
    const attributes = { ...pool2, padding: [0, 1, 0, 1], inputShape: [1, 3, 3, 1] } as const;
    const [dx] = callReferenceOp("averagePool2dBackward", [image(2, 2, 4, 2, 2, 1)], attributes);
    expect([...dx!.data]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("gradients add up where windows overlap", () => {
    const attributes = { ...pool2, poolSize: [1, 2], strides: [1, 1], inputShape: [1, 1, 3, 1] } as const;
    expect([...callReferenceOp("averagePool2dBackward", [image(1, 2, 2, 20)], attributes)[0]!.data]).toEqual([
      1, 11, 10,
    ]);
  });
});
