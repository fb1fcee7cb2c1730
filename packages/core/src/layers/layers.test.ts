import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { type Layer, layers, sequential } from "../index.js";
import { resolvePadding, windowOutputSize } from "../ops/window.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

/** The layer's outputs for one sample; all kernels 1, biases 0. */
async function outputs(layer: Layer, sample: readonly number[], inputShape: readonly number[]) {
  const model = sequential([layers.input({ shape: inputShape }), layer]);
  model.compile({ backend });
  const weights = await model.getWeights();
  await model.setWeights(
    weights.map(({ shape, data }) => ({ shape, data: data.map(() => (shape.length > 1 ? 1 : 0)) })),
  );
  const { data, shape } = await model.predict({ data: Float32Array.from(sample), shape: [1, ...inputShape] });
  model.dispose();
  return { values: [...data].map((value) => Number(value.toFixed(5))), shape: shape.slice(1) };
}

describe("padding arithmetic, as TensorFlow documents it", () => {
  const same = (size: number, kernel: number, stride: number, dilation = 1) =>
    resolvePadding("same", [size, size], [kernel, kernel], [stride, stride], [dilation, dilation]).slice(0, 2);

  it("same gives ceil(size / stride) outputs, the odd row at the bottom", () => {
    expect(same(28, 3, 1)).toEqual([1, 1]);
    expect(same(28, 2, 1)).toEqual([0, 1]);
    expect(same(28, 3, 2)).toEqual([0, 1]);
    expect(same(5, 3, 2)).toEqual([1, 1]);
    expect(same(7, 3, 1, 2)).toEqual([2, 2]);
    expect(same(4, 1, 3)).toEqual([0, 0]);
    for (const [size, kernel, stride] of [
      [28, 3, 2],
      [13, 5, 3],
      [7, 2, 2],
    ] as const) {
      const padding = resolvePadding("same", [size, size], [kernel, kernel], [stride, stride]);
      const window = { strides: [stride, stride], padding, dilation: [1, 1] } as const;
      expect(windowOutputSize("test", [size, size], [kernel, kernel], window)[0]).toBe(Math.ceil(size / stride));
    }
  });

  it("valid gives ceil((size - kernel + 1) / stride) outputs", () => {
    const valid = { strides: [2, 2], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
    expect(windowOutputSize("test", [13, 13], [2, 2], valid)).toEqual([6, 6]);
    expect(() => windowOutputSize("test", [2, 5], [3, 3], valid)).toThrow(
      /window of 3 rows does not fit an input of 2/,
    );
  });
});

describe("layers", () => {
  const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  it("conv2d sums windows: valid, same, strided, dilated", async () => {
    const conv = (options: object) => layers.conv2d({ filters: 1, kernelSize: 2, ...options });
    expect((await outputs(conv({}), nine, [3, 3, 1])).values).toEqual([12, 16, 24, 28]);
    expect((await outputs(conv({ padding: "same" }), nine, [3, 3, 1])).values).toEqual([
      12, 16, 9, 24, 28, 15, 15, 17, 9,
    ]);
    expect((await outputs(conv({ padding: "same", strides: 2 }), nine, [3, 3, 1])).values).toEqual([12, 9, 15, 9]);
    expect((await outputs(conv({ dilationRate: 2 }), nine, [3, 3, 1])).values).toEqual([1 + 3 + 7 + 9]);
  });

  it("conv2d without bias has one parameter", async () => {
    const model = sequential([
      layers.conv2d({ filters: 2, kernelSize: [1, 3], useBias: false, inputShape: [4, 4, 3] }),
    ]);
    expect((await model.getWeights()).map(({ shape }) => shape)).toEqual([[1, 3, 3, 2]]);
  });

  it("pooling: largest and mean, padding never counted", async () => {
    const negative = nine.map((value) => -value);
    expect((await outputs(layers.maxPooling2d({ strides: 1 }), negative, [3, 3, 1])).values).toEqual([-1, -2, -4, -5]);
    expect((await outputs(layers.maxPooling2d({ padding: "same" }), negative, [3, 3, 1])).values).toEqual([
      -1, -3, -7, -9,
    ]);
    expect((await outputs(layers.averagePooling2d({ padding: "same" }), nine, [3, 3, 1])).values).toEqual([
      3, 4.5, 7.5, 9,
    ]);
    expect(await outputs(layers.globalAveragePooling2d(), nine, [3, 3, 1])).toEqual({ values: [5], shape: [1] });
    expect((await outputs(layers.globalAveragePooling2d({ keepDims: true }), nine, [3, 3, 1])).shape).toEqual([
      1, 1, 1,
    ]);
  });

  it("flatten and reshape keep the numbers in order", async () => {
    expect(await outputs(layers.flatten(), nine, [3, 3, 1])).toEqual({ values: nine, shape: [9] });
    expect(await outputs(layers.reshape({ targetShape: [-1, 1] }), nine, [3, 3, 1])).toEqual({
      values: nine,
      shape: [9, 1],
    });
    expect(() => sequential([layers.reshape({ targetShape: [2, -1], inputShape: [9] })]).summary()).toThrow(
      /do not fit \[2,-1\]/,
    );
    expect(() => layers.reshape({ targetShape: [-1, -1] })).toThrow(/at most one of them -1/);
  });

  it("dense works on the last axis of any rank", async () => {
    expect(await outputs(layers.dense({ units: 2 }), [1, 2, 3, 4], [2, 2])).toEqual({
      values: [3, 3, 7, 7],
      shape: [2, 2],
    });
  });

  it.each([
    ["linear", [-2, 0, 8]],
    ["relu", [0, 0, 8]],
    ["relu6", [0, 0, 6]],
    ["leakyRelu", [-0.4, 0, 8]],
    ["elu", [-0.86466, 0, 8]],
    ["sigmoid", [0.1192, 0.5, 0.99966]],
    ["tanh", [-0.96403, 0, 1]],
    ["softmax", [0.00005, 0.00034, 0.99962]],
  ] as const)("activation %s", async (name, expected) => {
    expect((await outputs(layers.activation({ activation: name }), [-2, 0, 8], [3])).values).toEqual(expected);
  });

  it("activations take a setting of their own", async () => {
    const steep = layers.activation({ activation: { function: "leakyRelu", alpha: 0.5 } });
    expect((await outputs(steep, [-2, 4], [2])).values).toEqual([-1, 4]);
    expect(() => layers.activation({ activation: { function: "elu", alpha: -1 } })).toThrow(/alpha is -1/);
  });

  it("dropout does nothing outside training", async () => {
    expect((await outputs(layers.dropout({ rate: 0.9 }), nine, [9])).values).toEqual(nine);
  });
});
