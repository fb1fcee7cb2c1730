import { bytesOf, type DType, sizeOf, type TensorSpec } from "@convoy/core/backend";
import type { SingleOp } from "./singleOpPlan.js";

/** An op that moves bytes more than it computes. */
export interface MovingOp {
  readonly single: SingleOp;
  /** What the name of the op does not tell. */
  readonly detail: string;
  /** What limits it where that is not memory: arithmetic that a copy has not. */
  readonly bound?: string;
  /** Bytes that a run must move, where the definition of the op says something else. */
  readonly bytes?: number;
}

const float = (...shape: number[]): TensorSpec => ({ shape, dtype: "float32" });
const typed = (dtype: DType, ...shape: number[]): TensorSpec => ({ shape, dtype });
const times = (count: number, spec: TensorSpec): TensorSpec[] => Array<TensorSpec>(count).fill(spec);

const whole = { padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
const epsilon = 1e-3;
/** Classes of ImageNet. */
const classes = 1000;

/** Every op that moves bytes, over images [N,H,W,C] of even height and width, C a multiple of 8, or as many numbers in another shape. */
export function movingOps(images: readonly [number, number, number, number]): MovingOp[] {
  const [N, H, W, C] = images;
  const x = float(...images);
  const numbers = sizeOf(images);
  const rows = Math.max(8, Math.floor(numbers / classes));
  return [
    ...elementwise(x, C),
    ...poolings(images),
    ...normalizations(x, N, C),
    ...ofRows(rows),
    ...movingShapes(images),
    ...updates(numbers),
    ...ofImages(N, H, W),
  ];
}

function elementwise(x: TensorSpec, channels: number): MovingOp[] {
  const unary = (name: "relu" | "tanh" | "gelu", bound?: string): MovingOp[] =>
    (["unary", "unaryBackward"] as const).map((op) => ({
      single: { op, attributes: { function: name, alpha: 0 }, inputs: times(op === "unary" ? 1 : 2, x) },
      detail: name,
      ...(bound === undefined ? {} : { bound }),
    }));
  return [
    { single: { op: "add", attributes: {}, inputs: [x, x] }, detail: "" },
    { single: { op: "multiply", attributes: {}, inputs: [x, x] }, detail: "" },
    { single: { op: "maximum", attributes: {}, inputs: [x, x] }, detail: "" },
    { single: { op: "maximumBackward", attributes: { input: 0 }, inputs: [x, x, x] }, detail: "" },
    { single: { op: "affine", attributes: { scale: 2, offset: 1 }, inputs: [x] }, detail: "" },
    ...unary("relu"),
    ...unary("tanh", "exponentials"),
    ...unary("gelu", "exponentials"),
    { single: { op: "biasAdd", attributes: {}, inputs: [x, float(channels)] }, detail: "" },
    { single: { op: "biasAddBackward", attributes: {}, inputs: [x] }, detail: "" },
    {
      single: { op: "dropout", attributes: { rate: 0.5, instance: 0 }, inputs: [x] },
      ...{ detail: "", bound: "random words" },
    },
    { single: { op: "channelDropout", attributes: { rate: 0.5, instance: 0 }, inputs: [x] }, detail: "" },
    {
      single: { op: "gaussianNoise", attributes: { stddev: 1, instance: 0 }, inputs: [x] },
      ...{ detail: "", bound: "random words, logarithms" },
    },
  ];
}

function poolings(images: readonly [number, number, number, number]): MovingOp[] {
  const [N, H, W, C] = images;
  const windows = [
    { detail: "2x2", size: 2, stride: 2, padding: [0, 0, 0, 0] },
    { detail: "3x3 by 2", size: 3, stride: 2, padding: [0, 1, 0, 1] },
    { detail: "3x3 by 1", size: 3, stride: 1, padding: [0, 0, 0, 0] },
    { detail: "whole image", size: H, stride: H, padding: [0, 0, 0, 0] },
  ] as const;
  return windows.flatMap(({ detail, size, stride, padding }): MovingOp[] => {
    const attributes = { ...whole, padding, poolSize: [size, size], strides: [stride, stride] } as const;
    const along = (inputs: number): number => Math.floor((inputs + padding[1] - size) / stride) + 1;
    const pooled = [N, along(H), along(W), C] as const;
    const x = float(...images);
    const dy = float(...pooled);
    const backward = { ...attributes, inputShape: images };
    const mean: MovingOp[] = [
      { single: { op: "averagePool2d", attributes, inputs: [x] }, detail },
      { single: { op: "averagePool2dBackward", attributes: backward, inputs: [dy] }, detail },
    ];
    if (detail === "whole image") {
      return mean;
    }
    return [
      { single: { op: "maxPool2d", attributes, inputs: [x] }, detail },
      { single: { op: "maxPool2dBackward", attributes: backward, inputs: [dy, typed("int32", ...pooled)] }, detail },
      ...mean,
    ];
  });
}

function normalizations(x: TensorSpec, samples: number, channels: number): MovingOp[] {
  const norm = { epsilon, scale: true, center: true };
  const c = float(channels);
  const groups = 8;
  const statistics = float(samples, groups);
  return [
    { single: { op: "batchNorm", attributes: norm, inputs: [x, c, c] }, detail: "" },
    { single: { op: "batchNormBackwardSums", attributes: { epsilon }, inputs: [x, x, c, c] }, detail: "" },
    {
      single: {
        ...{ op: "batchNormBackwardInput", attributes: { epsilon, scale: true } },
        inputs: [x, x, ...times(5, c)],
      },
      detail: "",
    },
    { single: { op: "normalize", attributes: norm, inputs: [x, ...times(4, c)] }, detail: "" },
    {
      single: { op: "normalizeBackwardInput", attributes: { epsilon, scale: true }, inputs: [x, c, c] },
      detail: "",
    },
    {
      single: { op: "groupNorm", attributes: { ...norm, groups }, inputs: [x, c, c] },
      // All of a group is read before anything of it can be written.
      ...{ detail: "8 groups", bytes: 3 * bytesOf(x) },
    },
    {
      single: {
        ...{ op: "groupNormBackwardSums", attributes: { epsilon, groups } },
        inputs: [x, x, statistics, statistics],
      },
      detail: "8 groups",
    },
    {
      single: {
        ...{ op: "groupNormBackwardInput", attributes: { epsilon, groups, scale: true } },
        inputs: [x, x, statistics, statistics, c],
      },
      // Likewise.
      ...{ detail: "8 groups", bytes: 5 * bytesOf(x) },
    },
  ];
}

function ofRows(rows: number): MovingOp[] {
  const logits = float(rows, classes);
  const labels = typed("int32", rows);
  const bound = "exponentials";
  return [
    { single: { op: "softmax", attributes: {}, inputs: [logits] }, detail: `${classes} classes`, bound },
    { single: { op: "softmaxBackward", attributes: {}, inputs: [logits, logits] }, detail: `${classes} classes` },
    {
      single: { op: "softmaxCrossEntropy", attributes: { labels: "sparse" }, inputs: [logits, labels] },
      ...{ detail: `${classes} classes`, bound },
    },
    {
      single: {
        ...{ op: "softmaxCrossEntropyBackward", attributes: { labels: "sparse", scale: 1 / rows } },
        inputs: [logits, labels],
      },
      detail: `${classes} classes`,
    },
    { single: { op: "meanSquaredError", attributes: {}, inputs: [logits, logits] }, detail: "" },
    {
      single: { op: "meanSquaredErrorBackward", attributes: { scale: 1 / rows }, inputs: [logits, logits] },
      detail: "",
    },
    { single: { op: "weightedMean", attributes: {}, inputs: [logits] }, detail: "" },
    {
      single: { op: "gatherRows", attributes: { batchSize: rows, scale: 1, dtype: "float32" }, inputs: [logits] },
      detail: "float32",
    },
    {
      single: {
        ...{ op: "gatherRows", attributes: { batchSize: rows, scale: 1 / 255, dtype: "float32" } },
        inputs: [typed("uint8", rows, classes)],
      },
      detail: "uint8",
    },
    { single: { op: "storeRows", attributes: {}, inputs: [logits, logits] }, detail: "" },
  ];
}

function movingShapes(images: readonly [number, number, number, number]): MovingOp[] {
  const [N, H, W, C] = images;
  const x = float(...images);
  const half = float(N, H, W, C / 2);
  const small = [N, H / 2, W / 2, C] as const;
  const resized = { inputShape: small } as const;
  return [
    { single: { op: "concat", attributes: { axis: 3 }, inputs: [half, half] }, detail: "channels" },
    { single: { op: "concat", attributes: { axis: 0 }, inputs: [x, x] }, detail: "samples" },
    { single: { op: "pad", attributes: { before: [0, 1, 1, 0], after: [0, 1, 1, 0] }, inputs: [x] }, detail: "" },
    { single: { op: "transpose", attributes: { permutation: [0, 3, 1, 2] }, inputs: [x] }, detail: "channels first" },
    { single: { op: "transpose", attributes: { permutation: [0, 2, 1, 3] }, inputs: [x] }, detail: "rows, columns" },
    {
      single: { op: "transpose", attributes: { permutation: [1, 0] }, inputs: [float(N * H, W * C)] },
      detail: "matrix",
    },
    ...(["nearest", "bilinear"] as const).flatMap((interpolation): MovingOp[] => [
      {
        single: { op: "resize2d", attributes: { size: [H, W], interpolation }, inputs: [float(...small)] },
        detail: `${interpolation}, to twice`,
      },
      {
        single: { op: "resize2dBackward", attributes: { ...resized, interpolation }, inputs: [x] },
        detail: `${interpolation}, to twice`,
      },
    ]),
  ];
}

function updates(numbers: number): MovingOp[] {
  const w = float(numbers);
  const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const sgd = { momentum: 0.9, nesterov: true };
  const rmsprop = { rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false };
  return [
    { single: { op: "sgdUpdate", attributes: { momentum: 0, nesterov: false }, inputs: [w, w] }, detail: "" },
    { single: { op: "sgdUpdate", attributes: sgd, inputs: [w, w, w] }, detail: "momentum" },
    { single: { op: "rmspropUpdate", attributes: rmsprop, inputs: [w, w, w] }, detail: "" },
    {
      single: {
        ...{ op: "adamUpdate", attributes: { ...adam, weightDecay: 0, amsgrad: false } },
        inputs: times(4, w),
      },
      detail: "",
    },
    { single: { op: "adagradUpdate", attributes: { epsilon: 1e-7 }, inputs: [w, w, w] }, detail: "" },
    { single: { op: "nadamUpdate", attributes: adam, inputs: times(4, w) }, detail: "" },
    {
      single: { op: "lionUpdate", attributes: { beta1: 0.9, beta2: 0.99, weightDecay: 0 }, inputs: [w, w, w] },
      detail: "",
    },
    { single: { op: "decayWeights", attributes: { rate: 0.01 }, inputs: [w] }, detail: "" },
    { single: { op: "clipByValue", attributes: { limit: 1 }, inputs: [w] }, detail: "" },
    {
      single: { op: "clipByNorm", attributes: { limit: 1e9 }, inputs: [w] },
      // Nothing is written.
      ...{ detail: "within the limit", bytes: bytesOf(w) },
    },
    { single: { op: "penalty", attributes: { l1: 0.1, l2: 0.1, scale: 1 }, inputs: [w] }, detail: "" },
    { single: { op: "penaltyBackward", attributes: { l1: 0.1, l2: 0.1, scale: 1 }, inputs: [w] }, detail: "" },
    { single: { op: "nonNegative", attributes: {}, inputs: [w] }, detail: "" },
  ];
}

/** Images of three channels and as many pixels as there are, each with 16 channels in place of C. */
function ofImages(samples: number, height: number, width: number): MovingOp[] {
  const x = float(samples, height, width, 16);
  const range = { low: 0, high: 1 };
  return [
    { single: { op: "scaleChannels", attributes: range, inputs: [x, float(samples, 32)] }, detail: "" },
    {
      single: { op: "adjustContrast", attributes: range, inputs: [x, float(samples, 1, 1, 16), float(samples)] },
      detail: "",
    },
    { single: { op: "fillBoxes", attributes: { values: [] }, inputs: [x, typed("int32", samples, 4), x] }, detail: "" },
    {
      single: { op: "mixRows", attributes: {}, inputs: [x, typed("int32", samples), float(samples)] },
      detail: "weights",
    },
  ];
}
