import { formatShape, ShapeError } from "../errors.js";
import type { DType, Shape, TensorSpec } from "./definition.js";

/** Throws unless `spec` has `rank` dimensions. `what` names op and input: `"conv2d: input"`. */
export function expectRank(what: string, spec: TensorSpec, rank: number): void {
  if (spec.shape.length !== rank) {
    throw new ShapeError(`${what} has shape ${formatShape(spec.shape)}, expected ${rank} dimensions`);
  }
}

/** Throws unless `spec` has `min` to `max` dimensions. */
export function expectRankBetween(what: string, spec: TensorSpec, min: number, max: number): void {
  if (spec.shape.length < min || spec.shape.length > max) {
    throw new ShapeError(`${what} has shape ${formatShape(spec.shape)}, expected ${min} to ${max} dimensions`);
  }
}

/** Throws unless the two shapes are equal. */
export function expectSameShape(what: string, actual: Shape, expected: Shape): void {
  if (!sameShape(actual, expected)) {
    throw new ShapeError(`${what} has shape ${formatShape(actual)}, expected ${formatShape(expected)}`);
  }
}

/** Throws unless the element type is `dtype`. */
export function expectDType(what: string, spec: TensorSpec, dtype: DType): void {
  if (spec.dtype !== dtype) {
    throw new ShapeError(`${what} has element type ${spec.dtype}, expected ${dtype}`);
  }
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Size of the last axis: channels or classes. */
export function lastAxis(shape: Shape): number {
  return shape[shape.length - 1] as number;
}

/** Number of rows when everything but the last axis is flattened. */
export function rowsOf(shape: Shape): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1);
}
