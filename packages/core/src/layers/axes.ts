import { formatShape, ShapeError } from "../errors.js";
import { type Shape, sizeOf, type Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import { reshaped } from "./slices.js";

/**
 * The shape of samples that all of these can be stretched to: where one has size 1, that of another; missing axes are of size 1 and
 * come first, as in Keras. Undefined where sizes differ otherwise.
 */
export function broadcastShape(shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const full = shapes.map((shape) => [...Array.from({ length: rank - shape.length }, () => 1), ...shape]);
  const sizes = full[0]!.map((_, axis) => Math.max(...full.map((shape) => shape[axis]!)));
  const fits = full.every((shape) => shape.every((size, axis) => size === 1 || size === sizes[axis]));
  return fits ? sizes : undefined;
}

/** `value` with every axis of size 1 as long as in `shape`; missing axes come behind the first. */
export function broadcast(graph: Graph, value: Value, shape: Shape): Value {
  const missing = shape.length - value.shape.length;
  const sizes = [value.shape[0]!, ...Array.from({ length: missing }, () => 1), ...value.shape.slice(1)];
  let result = value;
  for (let axis = 0; axis < shape.length; axis++) {
    // Neighbouring axes that are stretched are one.
    let [end, count] = [axis, 1];
    while (end < shape.length && sizes[end] === 1) {
      count *= shape[end]!;
      end++;
    }
    if (count > 1) {
      const [outer, inner] = [sizeOf(sizes.slice(0, axis)), sizeOf(sizes.slice(end))];
      const columns = reshaped(graph, result, [outer, 1, 1, inner]);
      result = graph.apply("resize2d", [columns], { size: [count, 1], interpolation: "nearest" })[0]!;
      sizes.splice(axis, end - axis, ...shape.slice(axis, end));
    }
    axis = Math.max(axis, end - 1);
  }
  return reshaped(graph, result, shape);
}

/** The axis of a tensor [N,...] that `axis` names, from the end or from the front, where 0 is the batch. Throws `ShapeError`. */
export function resolveAxis(label: string, axis: number, sample: Shape): number {
  const rank = sample.length + 1;
  const resolved = axis < 0 ? rank + axis : axis;
  if (!Number.isInteger(axis) || resolved < 1 || resolved >= rank) {
    const range = rank === 1 ? "none" : `-1 to ${1 - rank}, or 1 to ${rank - 1} from the front`;
    throw new ShapeError(`${label}: axis ${axis} is no axis of samples ${formatShape(sample)}, which have ${range}`);
  }
  return resolved;
}

/** What `work` makes of `value` with `axis` as the last one, in the order of axes that `value` has. */
export function withAxisLast(graph: Graph, value: Value, axis: number, work: (value: Value) => Value): Value {
  const { shape } = value;
  const [outer, size, inner] = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
  if (inner === 1) {
    return reshaped(graph, work(reshaped(graph, value, [...shape.slice(0, axis), size])), shape);
  }
  const swap = (rows: Value): Value => graph.apply("transpose", [rows], { permutation: [0, 2, 1] })[0]!;
  return reshaped(graph, swap(work(swap(reshaped(graph, value, [outer, size, inner])))), shape);
}
