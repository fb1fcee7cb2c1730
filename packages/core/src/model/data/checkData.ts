import { DataError, formatShape, ShapeError } from "../../errors.js";
import type { Loss } from "../../losses/index.js";
import { sameShape } from "../../ops/checks.js";
import { type Shape, sizeOf } from "../../ops/definition.js";
import type { Tensor, TensorData } from "../../tensor.js";
import { type TensorInput, toTensor } from "../../tensorInput.js";

/** Inputs as a model takes them: [N, ...inputShape], bytes or float32. */
export interface ModelInputs {
  readonly data: Float32Array | Uint8Array;
  readonly rows: number;
  readonly scale: number;
}

/** Labels as a loss takes them: int32 class numbers or float32 numbers per class. */
export interface ModelLabels {
  readonly data: Int32Array | Float32Array;
  readonly dtype: "int32" | "float32";
  /** [N,...] or [N,...,C] */
  readonly shape: Shape;
}

/** Reports data that is allowed but looks wrong. */
export type Warn = (message: string) => void;

/** Float images with values from here up are taken for unscaled bytes. */
const unscaledFrom = 32;

/**
 * Inputs that fit the model: [N, ...inputShape], or without a last axis of size 1. Throws `ShapeError` for another shape and
 * `DataError` for NaN or Infinity; warns about images that are not scaled.
 */
export function checkInputs(what: string, input: TensorInput, inputShape: Shape, warn: Warn): ModelInputs {
  const { data, shape, scale = 1 } = toTensor(what, input);
  const sample = shape.slice(1);
  const withoutChannel = inputShape.at(-1) === 1 ? inputShape.slice(0, -1) : undefined;
  if (!sameShape(sample, inputShape) && !(withoutChannel && sameShape(sample, withoutChannel))) {
    throw new ShapeError(
      `${what} has shape ${formatShape(shape)}, the model expects [N,${inputShape.join(",")}]` +
        (sameShape(shape, inputShape)
          ? ". A single sample needs a first axis of size 1, a data set of single samples .batch(size)"
          : ""),
    );
  }
  const largest = largestFinite(what, data, sizeOf(sample)) * scale;
  if (inputShape.length === 3 && largest >= unscaledFrom) {
    warn(
      `${what} holds numbers up to ${Math.round(largest)}: images train better scaled to [0, 1]. ` +
        "Divide them by 255, or pass { data, shape, scale: 1 / 255 }",
    );
  }
  const stored = data instanceof Uint8Array || data instanceof Float32Array ? data : Float32Array.from(data);
  return { data: stored, rows: shape[0] as number, scale };
}

/** Largest absolute number. Throws at the first that is not finite. */
function largestFinite(what: string, data: TensorData, sampleSize: number): number {
  let largest = 0;
  for (let index = 0; index < data.length; index++) {
    const size = Math.abs(data[index] as number);
    if (!(size < Infinity)) {
      throw new DataError(
        `${what} holds ${data[index]} at position ${index % sampleSize} of sample ${Math.floor(index / sampleSize)}; ` +
          "replace or remove it before training",
      );
    }
    if (size > largest) {
      largest = size;
    }
  }
  return largest;
}

/**
 * Labels that fit the loss and the model's output [N, ...outputShape]. Throws `ShapeError` or `DataError` for the wrong kind
 * (naming the loss to use), for another number of samples, and for class numbers outside the output's classes.
 */
export function checkLabels(
  what: string,
  input: TensorInput,
  rows: number,
  outputShape: Shape,
  loss: Loss,
): ModelLabels {
  const labels = toTensor(what, input);
  if (labels.shape[0] !== rows) {
    throw new ShapeError(
      `${what} has ${labels.shape[0]} samples, the inputs have ${rows}; there must be one label per sample`,
    );
  }
  return loss.labels === "sparse"
    ? sparseLabels(what, labels, rows, outputShape, loss)
    : denseLabels(what, labels, rows, outputShape, loss);
}

function sparseLabels(what: string, labels: Tensor, rows: number, outputShape: Shape, { name }: Loss): ModelLabels {
  const expected = [rows, ...outputShape.slice(0, -1)];
  const classes = outputShape.at(-1) as number;
  const { data, shape } = labels;
  if (!sameShape(shape, expected) && !sameShape(shape, [...expected, 1])) {
    const oneHot = sameShape(shape, [rows, ...outputShape]);
    throw new ShapeError(
      `${what} has shape ${formatShape(shape)}${oneHot ? " (one-hot labels)" : ""}, but loss "${name}" takes class numbers ` +
        `of shape ${formatShape(expected)}. ` +
        (oneHot ? 'Use loss: "categoricalCrossentropy", or pass class numbers' : "Pass one class number per sample"),
    );
  }
  for (let index = 0; index < data.length; index++) {
    const label = data[index] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new DataError(
        `${what} holds ${label} at position ${index}, expected class numbers from 0 to ${classes - 1} ` +
          `(the model has ${classes} outputs)`,
      );
    }
  }
  return { data: data instanceof Int32Array ? data : Int32Array.from(data), dtype: "int32", shape: expected };
}

function denseLabels(
  what: string,
  labels: Tensor,
  rows: number,
  outputShape: Shape,
  { name, labels: kind, binary = false }: Loss,
): ModelLabels {
  const expected = [rows, ...outputShape];
  const { data, shape, scale = 1 } = labels;
  const single = outputShape.at(-1) === 1 && sameShape(shape, expected.slice(0, -1));
  if (!sameShape(shape, expected) && !single) {
    const classNumbers = kind === "categorical" && sizeOf(shape) === sizeOf(expected.slice(0, -1));
    throw new ShapeError(
      `${what} has shape ${formatShape(shape)}${classNumbers ? " (class numbers)" : ""}, but loss "${name}" takes labels of ` +
        `shape ${formatShape(expected)}. ` +
        (classNumbers
          ? 'Use loss: "sparseCategoricalCrossentropy", or convert the labels with toCategorical'
          : "Pass one number for each output of the model"),
    );
  }
  largestFinite(what, data, sizeOf(shape.slice(1)));
  const probabilities = kind === "categorical" || binary;
  const outside = probabilities ? data.findIndex((value) => value * scale < 0 || value * scale > 1) : -1;
  if (outside >= 0) {
    throw new DataError(
      `${what} holds ${data[outside]} at position ${outside}; loss "${name}" expects numbers from 0 to 1`,
    );
  }
  const plain = scale === 1 && data instanceof Float32Array ? data : Float32Array.from(data, (value) => value * scale);
  return { data: plain, dtype: "float32", shape: expected };
}

/** Weights of classes by class number: absent classes weigh 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/**
 * One weight per row of the labels: sample weight times class weight; undefined when everything weighs 1. Throws for weights
 * that are not finite, below 0 or of another number than the samples.
 */
export function sampleWeights(
  labels: ModelLabels,
  sampleWeight: TensorInput | undefined,
  classWeight: ClassWeight | undefined,
): Float32Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) {
    return undefined;
  }
  const rows = labels.shape[0] as number;
  const classes = labels.dtype === "int32" ? 1 : (labels.shape.at(-1) as number);
  const weights = new Float32Array(labels.data.length / classes).fill(1);
  const rowsPerSample = weights.length / rows;
  if (sampleWeight !== undefined) {
    const { data } = toTensor("sampleWeight", sampleWeight);
    if (data.length !== rows && data.length !== weights.length) {
      throw new ShapeError(`sampleWeight has ${data.length} numbers, there are ${rows} samples`);
    }
    const repeat = data.length === rows ? rowsPerSample : 1;
    weights.forEach((_, index) => {
      weights[index] = checkedWeight(
        `sampleWeight ${Math.floor(index / repeat)}`,
        data[Math.floor(index / repeat)] as number,
      );
    });
  }
  if (classWeight !== undefined) {
    const factors = classFactors(classWeight);
    weights.forEach((weight, index) => {
      weights[index] = weight * (factors.get(classOf(labels, index, classes)) ?? 1);
    });
  }
  return weights;
}

function checkedWeight(what: string, weight: number): number {
  if (!(weight >= 0 && weight < Infinity)) {
    throw new DataError(`${what} is ${weight}, expected a number of at least 0`);
  }
  return weight;
}

function classFactors(classWeight: ClassWeight): Map<number, number> {
  return new Map(
    Object.entries(classWeight).map(([label, weight]) => [
      Number(label),
      checkedWeight(`classWeight of ${label}`, weight),
    ]),
  );
}

/** Class number of a row: its label, or the position of the largest number of one-hot labels. */
function classOf({ data, dtype }: ModelLabels, row: number, classes: number): number {
  if (dtype === "int32") {
    return data[row] as number;
  }
  const scores = data.subarray(row * classes, (row + 1) * classes);
  return scores.indexOf(Math.max(...scores));
}
