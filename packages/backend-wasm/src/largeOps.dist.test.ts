import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { WasmBackend } from "./index.js";
import { builtPackage } from "./testing/builtPackage.js";
import { runSingleOp, type SingleOp } from "./testing/singleOp.js";

const { wasm } = await builtPackage();

const norm = { epsilon: 1e-3, scale: true, center: true };
const groups = { groups: 3, epsilon: 1e-3 };
const padding = [1, 1, 1, 1] as const;
const window = { strides: [1, 1], padding, dilation: [1, 1] } as const;
const strided = { strides: [2, 2], padding: [0, 1, 0, 1], dilation: [1, 1] } as const;

/** A batch normalization of [...,C] and its gradients. */
function batchNorm(...shape: number[]): SingleOp[] {
  const channels = shape.slice(-1);
  return [
    { op: "batchNorm", attributes: norm, shapes: [shape, channels, channels] },
    { op: "batchNormBackwardSums", attributes: { epsilon: 1e-3 }, shapes: [shape, shape, channels, channels] },
    {
      op: "batchNormBackwardInput",
      attributes: { epsilon: 1e-3, scale: true },
      shapes: [shape, shape, ...Array(5).fill(channels)],
    },
    { op: "normalize", attributes: norm, shapes: [shape, ...Array(4).fill(channels)] },
    {
      op: "normalizeBackwardInput",
      attributes: { epsilon: 1e-3, scale: true },
      shapes: [shape, channels, channels],
    },
  ];
}

/** A group normalization of [N,...,C] in `count` groups and its gradients. */
function groupNorm(count: number, ...shape: number[]): SingleOp[] {
  const channels = shape.slice(-1);
  const statistics = [shape[0]!, count];
  const attributes = { ...groups, groups: count };
  return [
    { op: "groupNorm", attributes: { ...norm, groups: count }, shapes: [shape, channels, channels] },
    { op: "groupNormBackwardSums", attributes, shapes: [shape, shape, statistics, statistics] },
    {
      op: "groupNormBackwardInput",
      attributes: { ...attributes, scale: true },
      shapes: [shape, shape, statistics, statistics, channels],
    },
  ];
}

/** A depthwise convolution, padded to outputs [OH,OW] with strides of 1 or 2, and its gradients. */
function depthwise(
  input: readonly [number, number, number, number],
  kernel: readonly [number, number, number],
  attributes: typeof window | typeof strided,
  [OH, OW]: readonly [number, number],
): SingleOp[] {
  const [KH, KW, M] = kernel;
  const kernelShape = [KH, KW, input[3], M];
  const output = [input[0], OH, OW, input[3] * M];
  return [
    { op: "depthwiseConv2d", attributes, shapes: [input, kernelShape] },
    {
      op: "depthwiseConv2dBackwardInput",
      attributes: { ...attributes, inputShape: input },
      shapes: [output, kernelShape],
    },
    { op: "depthwiseConv2dBackwardFilter", attributes: { ...attributes, kernelShape }, shapes: [input, output] },
  ];
}

function product(a: readonly number[], b: readonly number[], transposeB: boolean): SingleOp[] {
  return [{ op: "matMul", attributes: { transposeA: false, transposeB }, shapes: [a, b] }];
}

/** Resizing in both ways, and the gradients. */
function resize(input: readonly [number, number, number, number], size: readonly [number, number]): SingleOp[] {
  const output = [input[0], ...size, input[3]];
  return (["nearest", "bilinear"] as const).flatMap((interpolation): SingleOp[] => [
    { op: "resize2d", attributes: { size, interpolation }, shapes: [input] },
    { op: "resize2dBackward", attributes: { inputShape: input, interpolation }, shapes: [output] },
  ]);
}

/** Bits behind the point of transforms. */
const fractionBits = 16;

/** Turned a little, and far away, of so many images. */
function transforms(images: number): number[] {
  const pixels = [
    [0.9, -0.4, 20.3, 0.4, 1.1, -15.7],
    [-1.3, 0.2, 300.5, 0.1, 2.5, -200.25],
  ];
  return Array.from({ length: images }, (_, n) => pixels[n % 2]!.map((t) => Math.round(t * 2 ** fractionBits))).flat();
}

/** Images resampled to `size` with both interpolations and every way to fill. */
function warp(input: readonly [number, number, number, number], size: readonly [number, number]): SingleOp[] {
  const fillModes = ["reflect", "wrap", "constant", "nearest"] as const;
  return fillModes.flatMap((fillMode) =>
    (["nearest", "bilinear"] as const).map(
      (interpolation): SingleOp => ({
        op: "warp2d",
        attributes: { size, interpolation, fillMode, fillValue: 1.5, fractionBits },
        shapes: [input, [input[0], 6]],
        words: { transforms: transforms(input[0]) },
      }),
    ),
  );
}

/** Boxes of three images that begin and end in rows of different tasks. */
const boxes = { boxes: [10, 5, 61, 50, 0, 0, 99, 99, 40, -3, 45, 7] };
const range = { low: 1, high: 3.5 };

/** Shapes that take several tasks each, and most of them a last task that is not full. */
const cases: readonly SingleOp[] = [
  ...batchNorm(3001, 20),
  ...batchNorm(5, 40, 41, 3),
  ...batchNorm(70, 513),
  ...groupNorm(3, 3, 40, 41, 12),
  ...groupNorm(5, 19, 11, 7, 35),
  ...groupNorm(1, 701, 33),
  ...depthwise([2, 61, 40, 37], [3, 3, 1], window, [61, 40]),
  ...depthwise([1, 61, 40, 21], [3, 3, 3], window, [61, 40]),
  ...depthwise([2, 62, 40, 37], [3, 3, 1], strided, [31, 20]),
  ...depthwise([1, 50, 40, 18], [5, 4, 1], window, [48, 39]),
  ...depthwise([2, 30, 33, 70], [5, 5, 1], window, [28, 31]),
  ...depthwise([2, 31, 30, 21], [5, 5, 1], strided, [14, 14]),
  ...depthwise([3, 9, 7, 133], [3, 3, 1], window, [9, 7]),
  ...depthwise([3, 9, 9, 5], [3, 5, 1], window, [9, 7]),
  // Kernels of dense layers so large that tasks pack parts of them.
  ...product([17, 2100], [2100, 2003], false),
  ...product([9, 2100], [2003, 2100], true),
  { op: "unary", attributes: { function: "gelu", alpha: 0 }, shapes: [[20001]] },
  { op: "unary", attributes: { function: "softplus", alpha: 0 }, shapes: [[20001]] },
  { op: "unaryBackward", attributes: { function: "huber", alpha: 0.5 }, shapes: [[20001], [20001]] },
  { op: "affine", attributes: { scale: 2, offset: -1 }, shapes: [[20001]] },
  { op: "multiply", attributes: {}, shapes: [[20001], [20001]] },
  { op: "maximumBackward", attributes: { input: 1 }, shapes: [[20001], [20001], [20001]] },
  {
    op: "concat",
    attributes: { axis: 0 },
    shapes: [
      [3, 5003],
      [2, 5003],
    ],
  },
  {
    op: "concat",
    attributes: { axis: 1 },
    shapes: [
      [900, 5],
      [900, 17],
      [900, 201],
    ],
  },
  { op: "pad", attributes: { before: [1, -3], after: [0, 11] }, shapes: [[2, 20003]] },
  { op: "pad", attributes: { before: [0, 2, -1, 0], after: [0, 0, 3, 0] }, shapes: [[3, 50, 60, 7]] },
  { op: "transpose", attributes: { permutation: [1, 0] }, shapes: [[131, 517]] },
  { op: "transpose", attributes: { permutation: [0, 3, 1, 2] }, shapes: [[2, 19, 31, 70]] },
  { op: "transpose", attributes: { permutation: [1, 0, 2] }, shapes: [[19, 31, 70]] },
  { op: "transpose", attributes: { permutation: [0, 1] }, shapes: [[71, 390]] },
  ...resize([2, 40, 37, 5], [61, 90]),
  ...resize([2, 61, 90, 8], [40, 37]),
  { op: "channelDropout", attributes: { rate: 0.4, instance: 3 }, shapes: [[3, 61, 60, 5]] },
  { op: "channelDropout", attributes: { rate: 0.4, instance: 3 }, shapes: [[41, 301]] },
  { op: "gaussianNoise", attributes: { stddev: 0.5, instance: 3 }, shapes: [[9001]] },
  { op: "gaussianDropout", attributes: { stddev: 0.5, instance: 3 }, shapes: [[9001]] },
  { op: "weightedMean", attributes: {}, shapes: [[3001, 7]] },
  { op: "weightedMean", attributes: {}, shapes: [[3001, 7], [3001]] },
  { op: "weightedMeanBackward", attributes: { scale: 0.1 }, shapes: [[3001, 7]] },
  { op: "penalty", attributes: { l1: 0.1, l2: 0.2, scale: 0.5 }, shapes: [[20001]] },
  { op: "penaltyBackward", attributes: { l1: 0.1, l2: 0.2, scale: 0.5 }, shapes: [[20001]] },
  { op: "adagradUpdate", attributes: { epsilon: 1e-7 }, shapes: Array(3).fill([9001]) },
  { op: "nadamUpdate", attributes: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }, shapes: Array(4).fill([9001]) },
  { op: "lionUpdate", attributes: { beta1: 0.9, beta2: 0.99, weightDecay: 0.1 }, shapes: Array(3).fill([9001]) },
  { op: "decayWeights", attributes: { rate: 0.5 }, shapes: [[9001]] },
  { op: "labelHistogram", attributes: {}, shapes: [[40001], [40001], [2, 300]] },
  { op: "unary", attributes: { function: "power", alpha: 1.5 }, shapes: [[20001]] },
  { op: "constrainNorm", attributes: { kind: "max", limit: 3, axes: [0] }, shapes: [[5001, 37]] },
  { op: "constrainNorm", attributes: { kind: "unit", limit: 1, axes: [1] }, shapes: [[37, 5001]] },
  { op: "constrainNorm", attributes: { kind: "max", limit: 3, axes: [1, 3] }, shapes: [[70, 30, 9, 11]] },
  { op: "constrainNorm", attributes: { kind: "unit", limit: 1, axes: [0, 2] }, shapes: [[30, 70, 9, 11]] },
  { op: "nonNegative", attributes: {}, shapes: [[20001]] },
  { op: "movingAverage", attributes: { momentum: 0.9 }, shapes: [[20001], [20001]] },
  ...warp([3, 80, 91, 1], [80, 91]),
  ...warp([2, 50, 41, 3], [60, 51]),
  {
    op: "scaleChannels",
    attributes: range,
    shapes: [
      [3, 61, 60, 5],
      [3, 10],
    ],
  },
  { op: "adjustContrast", attributes: range, shapes: [[3, 61, 60, 5], [3, 1, 1, 5], [3]] },
  {
    op: "adjustHsv",
    attributes: { low: 0, high: 4 },
    shapes: [
      [3, 61, 83, 3],
      [3, 2],
    ],
  },
  {
    op: "fillBoxes",
    attributes: { values: [1, 2, 3] },
    shapes: [
      [3, 61, 83, 3],
      [3, 4],
    ],
    words: boxes,
  },
  {
    op: "fillBoxes",
    attributes: { values: [] },
    shapes: [
      [3, 61, 83, 3],
      [3, 4],
      [3, 61, 83, 3],
    ],
    words: boxes,
  },
  { op: "mixRows", attributes: {}, shapes: [[3, 20003], [3]], words: { partners: [2, 0, 1] } },
  { op: "mixRows", attributes: {}, shapes: [[3, 20003], [3], [3]], words: { partners: [2, 2, 0] } },
  {
    op: "filterAxis",
    attributes: { axis: 1 },
    shapes: [
      [3, 61, 83, 3],
      [3, 7],
    ],
  },
  {
    op: "filterAxis",
    attributes: { axis: 2 },
    shapes: [
      [3, 61, 83, 3],
      [3, 7],
    ],
  },
];

let backends: WasmBackend[];
beforeAll(async () => {
  backends = [await wasm({ threads: 1 }), await wasm({ threads: 3, shortRunsInline: false })];
});
afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

it.each(
  cases.map(
    (single) => [`${single.op} of ${single.shapes.map((shape) => shape.join("x")).join(", ")}`, single] as const,
  ),
)("agrees with the reference, whatever the threads: %s", async (_, single) => {
  const [actual, again] = [await runSingleOp(backends[0]!, single), await runSingleOp(backends[1]!, single)];
  const changed = [...actual].filter(([name, values]) => !values.every((value, at) => value === again.get(name)![at]));
  expect(changed.map(([name]) => name)).toEqual([]);
  for (const [name, expected] of await runSingleOp(await reference(), single)) {
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const values = actual.get(name)!;
    const off = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - values[at]!)), 0);
    expect(off, `${name}, largest ${largest}`).toBeLessThan(1e-5 * Math.max(largest, 1));
  }
});
