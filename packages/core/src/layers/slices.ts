import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";

/** `count` of the numbers along the last axis, from `start` on. */
export function channels(graph: Graph, value: Value, start: number, count: number): Value {
  const last = value.shape.length - 1;
  const along = (size: number): number[] => value.shape.map((_, axis) => (axis === last ? 0 - size : 0));
  const after = value.shape[last]! - start - count;
  return graph.apply("pad", [value], { before: along(start), after: along(after) })[0]!;
}

/** The same numbers under another shape; the value itself where it has that shape. */
export function reshaped(graph: Graph, value: Value, shape: readonly number[]): Value {
  const same = value.shape.length === shape.length && value.shape.every((size, axis) => size === shape[axis]);
  return same ? value : graph.apply("reshape", [value], { shape })[0]!;
}
