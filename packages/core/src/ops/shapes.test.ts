import { describe, expect, it } from "vitest";
import { ShapeError } from "../errors.js";
import { opDefinition } from "../plan/index.js";
import type { Attributes, TensorSpec } from "./definition.js";
import { kernelNames, type OpName, ops } from "./index.js";
import { type PaddingName, resolvePadding, windowOutputSize } from "./window.js";

const float = (...shape: number[]): TensorSpec => ({ shape, dtype: "float32" });
const int = (...shape: number[]): TensorSpec => ({ shape, dtype: "int32" });
const window = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;

describe("windows", () => {
  // Sizes that Keras and TensorFlow give: [input, kernel, stride, dilation, padding, outputs, padding before, behind].
  it.each([
    [28, 3, 1, 1, "valid", 26, 0, 0],
    [28, 3, 1, 1, "same", 28, 1, 1],
    [28, 2, 1, 1, "same", 28, 0, 1],
    [28, 5, 1, 1, "same", 28, 2, 2],
    [28, 3, 2, 1, "same", 14, 0, 1],
    [27, 3, 2, 1, "same", 14, 1, 1],
    [28, 3, 2, 1, "valid", 13, 0, 0],
    [28, 3, 1, 2, "same", 28, 2, 2],
    [28, 3, 1, 2, "valid", 24, 0, 0],
    [13, 2, 2, 1, "valid", 6, 0, 0],
    [13, 2, 2, 1, "same", 7, 0, 1],
    [224, 7, 2, 1, "same", 112, 2, 3],
    [7, 1, 2, 1, "same", 4, 0, 0],
    [2, 3, 1, 1, "same", 2, 1, 1],
    [5, 2, 3, 1, "same", 2, 0, 0],
  ] as const)(
    "of %i by %i, stride %i, dilation %i, %s: %i",
    (size, kernel, stride, dilation, name, outputs, before, behind) => {
      const [input, kernels, strides, dilations] = [
        [size, 9],
        [kernel, 1],
        [stride, 1],
        [dilation, 1],
      ] as [[number, number], [number, number], [number, number], [number, number]];
      const padding = resolvePadding(name as PaddingName, input, kernels, strides, dilations);
      expect(padding).toEqual([before, behind, 0, 0]);
      expect(windowOutputSize("conv2d", input, kernels, { strides, padding, dilation: dilations })).toEqual([
        outputs,
        9,
      ]);
    },
  );

  it("that do not fit name the op, the sizes and the remedy", () => {
    expect(() => windowOutputSize("conv2d", [2, 9], [3, 3], window)).toThrow(
      new ShapeError(
        'conv2d: a window of 3 rows does not fit an input of 2 (padding included). Use a smaller window, padding: "same", or a larger input',
      ),
    );
    expect(() => windowOutputSize("maxPool2d", [9, 3], [3, 3], { ...window, dilation: [1, 2] })).toThrow(/5 columns/);
  });
});

/** Inputs that do not fit, and what the message says. */
const misfits: readonly (readonly [OpName, readonly TensorSpec[], object, string])[] = [
  [
    "conv2d",
    [float(64, 28, 28, 3), float(3, 3, 1, 32)],
    window,
    "conv2d: input has 3 channels, kernel expects 1 (input [64,28,28,3], kernel [3,3,1,32])",
  ],
  [
    "conv2d",
    [float(28, 28, 3), float(3, 3, 3, 32)],
    window,
    "conv2d: input has shape [28,28,3], expected 4 dimensions",
  ],
  [
    "biasAdd",
    [float(2, 3, 3, 4), float(3)],
    {},
    "biasAdd: bias has shape [3], expected one number for each of the 4 channels",
  ],
  [
    "matMul",
    [float(2, 3), float(3, 4)],
    { transposeA: true, transposeB: false },
    "matMul: inner sizes differ, 2 and 3 (a [2,3] transposed, b [3,4])",
  ],
  [
    "matMul",
    [float(2, 3, 4), float(4, 5)],
    { transposeA: false, transposeB: false },
    "matMul: a has shape [2,3,4], expected 2",
  ],
  ["add", [float(2, 3), float(3, 2)], {}, "add: b has shape [3,2], expected [2,3]"],
  ["reshape", [float(2, 3)], { shape: [4, 2] }, "reshape: [2,3] has 6 elements, [4,2] has 8"],
  [
    "softmaxCrossEntropy",
    [float(4, 10), int(5)],
    { labels: "sparse" },
    "softmaxCrossEntropy: labels [5] hold 5 class numbers, predictions [4,10] have 4 rows",
  ],
  ["softmaxCrossEntropy", [float(4, 10), float(4)], { labels: "sparse" }, "element type float32, expected int32"],
  ["softmaxCrossEntropy", [float(4, 10), int(4), float(3)], { labels: "sparse" }, "weights [3] hold 3 numbers"],
  [
    "accuracy",
    [float(4, 10), float(4, 9)],
    { labels: "categorical" },
    "accuracy: labels has shape [4,9], expected [4,10]",
  ],
  ["meanSquaredError", [float(4, 2), float(4, 3)], {}, "meanSquaredError: targets has shape [4,3], expected [4,2]"],
  ["gatherRows", [float(5, 2)], { batchSize: 6, scale: 1, dtype: "float32" }, "a batch of 6 rows out of a source of 5"],
  [
    "gatherRows",
    [float(5, 2), float(5)],
    { batchSize: 2, scale: 1, dtype: "float32" },
    "order has element type float32",
  ],
  ["multiply", [float(2, 3), float(3, 2)], {}, "multiply: b has shape [3,2], expected [2,3]"],
  ["maximum", [float(2, 3), float(2)], {}, "maximum: b has shape [2], expected [2,3]"],
  [
    "concat",
    [float(2, 3, 4), float(2, 5, 4), float(2, 3, 5)],
    { axis: 1 },
    "concat: next 2 has shape [2,3,5], first [2,3,4]; they may differ in axis 1 only",
  ],
  ["concat", [float(2, 3), float(2, 3, 1)], { axis: 1 }, "concat: next 1 has shape [2,3,1], first [2,3]"],
  ["concat", [float(2, 3), float(2, 3)], { axis: 2 }, "concat: axis 2 is none of the 2 axes of first [2,3]"],
  ["concat", [float(2), float(3)], { axis: 0 }, "concat: first has shape [2], expected 2 to 4 dimensions"],
  [
    "pad",
    [float(4, 5)],
    { before: [0, -2], after: [1, -3] },
    "pad: before [0,-2] and after [1,-3] leave nothing of input [4,5] (output [5,0]); cut off less",
  ],
  ["pad", [float(4)], { before: [-5], after: [3] }, "leave nothing of input [4] (output [2])"],
  [
    "pad",
    [float(4, 5)],
    { before: [1], after: [1] },
    "pad: before [1] and after [1] have to be a whole number for each of the 2 axes of input [4,5]",
  ],
  ["pad", [float(1, 2, 3, 4, 5)], {}, "pad: input has shape [1,2,3,4,5], expected 1 to 4 dimensions"],
  [
    "transpose",
    [float(2, 3, 4)],
    { permutation: [0, 2, 2] },
    "transpose: permutation [0,2,2] does not name each of the 3 axes of input [2,3,4] once",
  ],
  ["transpose", [float(2, 3)], { permutation: [0] }, "transpose: permutation [0] does not name each of the 2 axes"],
  [
    "resize2d",
    [float(1, 4, 4, 3)],
    { size: [0, 2], interpolation: "nearest" },
    "resize2d: input [1,4,4,3] cannot become [0,2] pixels",
  ],
  ["resize2d", [float(4, 4, 3)], { size: [2, 2] }, "resize2d: input has shape [4,4,3], expected 4 dimensions"],
  [
    "resize2dBackward",
    [float(2, 4, 4, 3)],
    { inputShape: [2, 8, 8, 4], interpolation: "nearest" },
    "resize2dBackward: outputGradient [2,4,4,3] is not input [2,8,8,4] in another size",
  ],
  ["channelDropout", [float(4)], { rate: 0.5, instance: 0 }, "channelDropout: input has shape [4], expected 2 to 4"],
  ["weightedMean", [float(4, 2), float(3)], {}, "weightedMean: weights [3] hold 3 numbers, values [4,2] have 4 rows"],
  ["storeRows", [float(2, 3), float(9, 4)], {}, "storeRows: values [2,3] do not fit rows of destination [9,4]"],
  [
    "adamUpdate",
    [float(64), float(64), float(64), float(32)],
    {},
    "adamUpdate: secondMoment has shape [32], expected [64]",
  ],
  ["lionUpdate", [float(64), float(64), float(32)], {}, "lionUpdate: momentum has shape [32], expected [64]"],
  [
    "depthwiseConv2d",
    [float(2, 5, 5, 3), float(3, 3, 4, 1)],
    window,
    "depthwiseConv2d: input has 3 channels, kernel expects 4 (input [2,5,5,3], kernel [3,3,4,1])",
  ],
  [
    "depthwiseConv2dBackwardInput",
    [float(2, 3, 3, 3), float(3, 3, 3, 2)],
    { ...window, inputShape: [2, 5, 5, 3] },
    "depthwiseConv2dBackwardInput: outputGradient has shape [2,3,3,3], expected [2,3,3,6]",
  ],
  [
    "batchNorm",
    [float(4, 3), float(4), float(3)],
    { epsilon: 1e-3, scale: true, center: true },
    "batchNorm: gamma has shape [4], expected one number for each of the 3 channels of input [4,3]",
  ],
  [
    "batchNorm",
    [float(3)],
    { epsilon: 1e-3, scale: false, center: false },
    "batchNorm: input has shape [3], expected at least 2 dimensions",
  ],
  [
    "batchNorm",
    [float(4, 3), float(3)],
    { epsilon: 1e-3, scale: true, center: true },
    "batchNorm: 1 of gamma and beta given, expected 2 (scale: true, center: true)",
  ],
  [
    "normalize",
    [float(4, 3), float(3), float(4)],
    { epsilon: 1e-3, scale: false, center: false },
    "normalize: variance has shape [4], expected one number for each of the 3 channels of input [4,3]",
  ],
  [
    "groupNorm",
    [float(2, 5, 5, 6)],
    { groups: 4, epsilon: 1e-3, scale: false, center: false },
    "groupNorm: the 6 channels of input [2,5,5,6] cannot be divided into 4 groups",
  ],
  [
    "groupNormBackwardInput",
    [float(2, 5, 6), float(2, 5, 6), float(2, 3), float(2, 2)],
    { groups: 3, epsilon: 1e-3, scale: false },
    "groupNormBackwardInput: variance has shape [2,2], expected [2,3]",
  ],
  ["movingAverage", [float(3), float(4)], { momentum: 0.9 }, "movingAverage: value has shape [4], expected [3]"],
  [
    "constrainNorm",
    [float(3, 4)],
    { kind: "max", limit: 1, axes: [0, 2] },
    "constrainNorm: axes [0,2] do not fit parameter [3,4]",
  ],
  [
    "constrainNorm",
    [float(1, 2, 3, 4, 5)],
    { kind: "max", limit: 1, axes: [0] },
    "constrainNorm: parameter has shape [1,2,3,4,5], expected 1 to 4 dimensions",
  ],
];

describe("shapes", () => {
  it.each(misfits)("that do not fit %s are named", (op, inputs, attributes, message) => {
    const infer = () => opDefinition(op).inferOutputs(inputs, attributes as Attributes);
    expect(infer).toThrow(ShapeError);
    expect(infer).toThrow(message);
  });
});

describe("definitions", () => {
  it("leave only reshape without a kernel", () => {
    expect(Object.keys(ops).filter((name) => !kernelNames.includes(name as never))).toEqual(["reshape"]);
  });

  it("name what they update, and only that", () => {
    for (const name of Object.keys(ops) as OpName[]) {
      const { updates = [], inputs, outputs, optionalInputs = 0, variadic } = opDefinition(name);
      expect(
        updates.every((position) => position < inputs.length),
        name,
      ).toBe(true);
      expect(updates.length > 0, name).toBe(outputs.length === 0);
      expect(optionalInputs, name).toBeLessThan(inputs.length);
      // Which inputs are there could not be told from how many.
      expect(variadic && optionalInputs > 0, name).toBeFalsy();
    }
  });
});
