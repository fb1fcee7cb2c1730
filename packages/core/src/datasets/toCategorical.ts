import { ArgumentError, DataError, formatShape, ShapeError } from "../errors.js";
import type { Tensor, TensorData } from "../tensor.js";

/** Class labels as users have them: an array, a typed array or a tensor of shape [N] or [N, 1]. */
export type Labels = readonly number[] | TensorData | Tensor;

/**
 * Class labels to one-hot rows, for `categoricalCrossentropy`. (`sparseCategoricalCrossentropy` takes labels as they are.)
 *
 * @param labels N integers from 0 to numClasses - 1
 * @param numClasses columns of the result; default: the largest label plus one
 * @returns [N, numClasses], 1 in the label's column and 0 elsewhere
 * @throws DataError for no labels, or a label that is not an integer, is negative or is not below `numClasses`
 * @throws ArgumentError for a `numClasses` that is not a positive integer
 * @throws ShapeError for a tensor of another shape than [N] or [N, 1]
 */
export function toCategorical(labels: Labels, numClasses?: number): Tensor<Float32Array> {
  if (numClasses !== undefined && !(Number.isInteger(numClasses) && numClasses > 0)) {
    throw new ArgumentError(`toCategorical: numClasses is ${numClasses}, expected a positive integer`);
  }
  const values = labelValues(labels, "toCategorical");
  if (values.length === 0) {
    throw new DataError("toCategorical: there are no labels, expected at least one");
  }
  let classes = numClasses ?? 0;
  for (let index = 0; index < values.length; index++) {
    const label = values[index] as number;
    if (!Number.isInteger(label) || label < 0) {
      throw new DataError(`toCategorical: label ${index} is ${label}, expected an integer from 0 up`);
    }
    if (numClasses === undefined) {
      classes = Math.max(classes, label + 1);
    } else if (label >= numClasses) {
      throw new DataError(
        `toCategorical: label ${index} is ${label}, but numClasses is ${numClasses}: labels go from 0 to ${numClasses - 1}`,
      );
    }
  }
  const data = new Float32Array(values.length * classes);
  for (let index = 0; index < values.length; index++) {
    data[index * classes + (values[index] as number)] = 1;
  }
  return { data, shape: [values.length, classes] };
}

/** The numbers of `labels`, one a sample; `caller` is what the error calls the function. */
export function labelValues(labels: Labels, caller: string): ArrayLike<number> {
  if (!("data" in labels)) {
    return labels;
  }
  const { data, shape } = labels;
  if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1)) {
    const oneHot = shape.length === 2 ? ", not one-hot rows" : "";
    throw new ShapeError(`${caller}: labels have shape ${formatShape(shape)}, expected [N] or [N,1]${oneHot}`);
  }
  if (data.length !== shape[0]) {
    throw new ShapeError(`${caller}: labels hold ${data.length} numbers, but their shape is ${formatShape(shape)}`);
  }
  return data;
}
