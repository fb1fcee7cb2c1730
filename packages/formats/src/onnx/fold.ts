import { formatShape } from "@convoy/core";
import { type Constant, constant, integers, sizeOf } from "./constant.js";
import type { NodeReader } from "./nodeReader.js";

/** Computes a node from constants alone. */
export type Fold = (node: NodeReader, inputs: readonly Constant[]) => Constant;

/** An axis counted from the front. */
export function fromFront(node: NodeReader, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(resolved) || resolved < 0 || resolved >= rank) {
    throw node.error(`axis ${axis} of a tensor with ${rank} axes`);
  }
  return resolved;
}

/** How far apart neighbours along each axis lie. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** New data by a rule that says, for each place of the result, which element it is. */
function gathered(source: Constant, shape: readonly number[], place: (index: number[]) => number): Constant {
  const size = sizeOf(shape);
  const data = source.integer ? new Float64Array(size) : new Float32Array(size);
  const index = shape.map(() => 0);
  for (let at = 0; at < size; at++) {
    data[at] = source.data[place(index)]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) {
        break;
      }
      index[axis] = 0;
    }
  }
  return constant(data, shape, source.integer);
}

/** Several shapes as one, sizes of 1 stretched (ONNX, "Multidirectional Broadcasting"). */
export function broadcastShape(node: NodeReader, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (left !== right && left !== 1 && right !== 1) {
      throw node.error(`shapes ${formatShape(a)} and ${formatShape(b)} do not fit each other`);
    }
    return left === 1 ? right : left;
  });
}

/** A constant stretched to a shape. */
export function broadcast(node: NodeReader, source: Constant, shape: readonly number[]): Constant {
  if (source.shape.length === shape.length && source.shape.every((size, axis) => size === shape[axis])) {
    return source;
  }
  node.expectSmall(shape);
  const offset = shape.length - source.shape.length;
  const strides = stridesOf(source.shape);
  return gathered(source, shape, (index) =>
    strides.reduce((sum, stride, axis) => sum + (source.shape[axis] === 1 ? 0 : stride * index[axis + offset]!), 0),
  );
}

function combined(node: NodeReader, a: Constant, b: Constant, compute: (a: number, b: number) => number): Constant {
  const shape = broadcastShape(node, a.shape, b.shape);
  const [left, right] = [broadcast(node, a, shape), broadcast(node, b, shape)];
  const whole = left.integer && right.integer;
  const data = left.data.map((value, index) => {
    const result = compute(value, right.data[index]!);
    return whole ? Math.trunc(result) : result;
  });
  return constant(data, shape, whole);
}

function elementwise(compute: (a: number, b: number) => number): Fold {
  return (node, inputs) => {
    node.expectInputs(inputs, 2);
    return combined(node, inputs[0]!, inputs[1]!, compute);
  };
}

/** Of any number of tensors. */
function extreme(compute: (a: number, b: number) => number): Fold {
  return (node, inputs) => inputs.reduce((a, b) => combined(node, a, b, compute));
}

function unary(compute: (value: number) => number): Fold {
  return (_, [a]) => constant(a!.data.map(compute), a!.shape, a!.integer);
}

export function transposed(source: Constant, permutation: readonly number[]): Constant {
  const strides = stridesOf(source.shape);
  const shape = permutation.map((axis) => source.shape[axis]!);
  return gathered(source, shape, (index) =>
    permutation.reduce((sum, axis, position) => sum + strides[axis]! * index[position]!, 0),
  );
}

/** Starts, ends, axes and steps of a Slice, which are attributes before opset 10. Axes count from the front. */
export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export function sliceRanges(node: NodeReader, shape: readonly number[]): SliceRange[] {
  const list = (index: number, name: string): readonly number[] | undefined =>
    node.input(index) === undefined ? node.optionalIntegers(name) : node.vector(index);
  const [starts, ends] = [list(1, "starts"), list(2, "ends")];
  if (starts === undefined || ends?.length !== starts.length || starts.length > shape.length) {
    throw node.error("starts and ends do not belong to each other, or there are more than axes");
  }
  const axes = list(3, "axes") ?? starts.map((_, axis) => axis);
  const steps = node.input(4) === undefined ? starts.map(() => 1) : node.vector(4);
  return starts.map((start, index) => {
    const axis = fromFront(node, axes[index] ?? 0, shape.length);
    const step = steps[index] ?? 1;
    if (!(step >= 1)) {
      throw node.error(`step ${step}; only steps of 1 and more are read`);
    }
    const size = shape[axis]!;
    const clamp = (position: number): number => Math.min(size, Math.max(0, position < 0 ? position + size : position));
    return { axis, start: clamp(start), end: Math.max(clamp(start), clamp(ends[index]!)), step };
  });
}

const slice: Fold = (node, [source]) => {
  const ranges = sliceRanges(node, source!.shape);
  const strides = stridesOf(source!.shape);
  const of = (axis: number): SliceRange =>
    ranges.find((range) => range.axis === axis) ?? { axis, start: 0, end: source!.shape[axis]!, step: 1 };
  const shape = source!.shape.map((_, axis) => Math.ceil((of(axis).end - of(axis).start) / of(axis).step));
  return gathered(source!, shape, (index) =>
    strides.reduce((sum, stride, axis) => sum + stride * (of(axis).start + of(axis).step * index[axis]!), 0),
  );
};

const gather: Fold = (node, inputs) => {
  node.expectInputs(inputs, 2);
  const [source, indices] = inputs;
  const axis = fromFront(node, node.integer("axis", 0), source!.shape.length);
  const [before, after] = [source!.shape.slice(0, axis), source!.shape.slice(axis + 1)];
  const size = source!.shape[axis]!;
  const places = Array.from(indices!.data, (index) => {
    const place = index < 0 ? index + size : index;
    if (!(place >= 0 && place < size)) {
      throw node.error(`index ${index} of an axis of size ${size}`);
    }
    return place;
  });
  const flat = constant(source!.data, [sizeOf(before), size, sizeOf(after)], source!.integer);
  node.expectSmall([...before, places.length, ...after]);
  const picked = gathered(
    flat,
    [sizeOf(before), places.length, sizeOf(after)],
    ([outer, place, inner]) => (outer! * size + places[place!]!) * sizeOf(after) + inner!,
  );
  return constant(picked.data, [...before, ...indices!.shape, ...after], source!.integer);
};

const concat: Fold = (node, inputs) => {
  const axis = fromFront(node, node.integer("axis", 0), inputs[0]!.shape.length);
  const outer = sizeOf(inputs[0]!.shape.slice(0, axis));
  for (const { shape } of inputs) {
    if (
      shape.length !== inputs[0]!.shape.length ||
      sizeOf(shape.with(axis, 1)) !== sizeOf(inputs[0]!.shape.with(axis, 1))
    ) {
      throw node.error(`shapes ${inputs.map((input) => formatShape(input.shape)).join(", ")} do not fit each other`);
    }
  }
  const length = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const shape = inputs[0]!.shape.with(axis, length);
  node.expectSmall(shape);
  const size = sizeOf(shape);
  const data = inputs[0]!.integer ? new Float64Array(size) : new Float32Array(size);
  let filled = 0;
  for (let row = 0; row < outer; row++) {
    for (const input of inputs) {
      const width = input.data.length / outer;
      data.set(input.data.subarray(row * width, (row + 1) * width), filled);
      filled += width;
    }
  }
  return constant(data, shape, inputs[0]!.integer);
};

/** The shape that a Reshape asks for, with 0 and -1 worked out. */
export function reshapedShape(node: NodeReader, from: readonly number[], target: readonly number[]): number[] {
  node.expectRank(target);
  const keepsZeros = node.integer("allowzero", 0) === 1;
  const copied = target.map((size, axis) => (size === 0 && !keepsZeros ? (from[axis] ?? 0) : size));
  const known = sizeOf(copied.filter((size) => size !== -1));
  const shape = copied.map((size) => (size === -1 ? sizeOf(from) / known : size));
  if (sizeOf(shape) !== sizeOf(from) || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw node.error(`shape ${formatShape(from)} has ${sizeOf(from)} numbers, which do not fit ${formatShape(target)}`);
  }
  return shape;
}

/** Axes of Squeeze and Unsqueeze, which are an attribute before opset 13. */
export function axesOf(node: NodeReader): readonly number[] | undefined {
  return node.input(1) === undefined ? node.optionalIntegers("axes") : node.vector(1);
}

/** A shape without axes of size 1: those named, or all. */
export function squeezedShape(node: NodeReader, shape: readonly number[]): number[] {
  const axes = axesOf(node)?.map((axis) => fromFront(node, axis, shape.length));
  if (axes?.some((axis) => shape[axis] !== 1)) {
    throw node.error(`axes ${formatShape(axes)} of shape ${formatShape(shape)} are not of size 1`);
  }
  return shape.filter((size, axis) => !(axes?.includes(axis) ?? size === 1));
}

/** A shape with axes of size 1 put in. */
export function unsqueezedShape(node: NodeReader, shape: readonly number[]): number[] {
  const axes = axesOf(node) ?? [];
  const rank = shape.length + axes.length;
  node.expectRank({ length: rank });
  const added = axes.map((axis) => fromFront(node, axis, rank));
  const rest = shape[Symbol.iterator]();
  return Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (rest.next().value ?? 1)));
}

const constantOfShape: Fold = (node, [sizes]) => {
  const shape = Array.from(sizes!.data);
  node.expectSmall(shape);
  const value = node.tensor("value");
  const fill = value?.data[0] ?? 0;
  const size = sizeOf(shape);
  return constant(
    value?.integer === true ? new Float64Array(size).fill(fill) : new Float32Array(size).fill(fill),
    shape,
    value?.integer === true,
  );
};

/** Integer types of `TensorProto.DataType`; the others are numbers with fractions. */
const integerTypes = [2, 3, 4, 5, 6, 7, 9, 12, 13];

const cast: Fold = (node, [source]) => {
  const whole = integerTypes.includes(node.integer("to", 1));
  return whole
    ? constant(Float64Array.from(source!.data, Math.trunc), source!.shape, true)
    : constant(Float32Array.from(source!.data), source!.shape, false);
};

const range: Fold = (node, inputs) => {
  node.expectInputs(inputs, 3);
  const [start, limit, delta] = inputs;
  const [from, to, step] = [start!.data[0]!, limit!.data[0]!, delta!.data[0]!];
  const count = Math.max(0, Math.ceil((to - from) / step));
  node.expectSmall([count]);
  return integers(Array.from({ length: count }, (_, index) => from + index * step));
};

const where: Fold = (node, inputs) => {
  node.expectInputs(inputs, 3);
  const [condition, yes, no] = inputs;
  const shape = broadcastShape(node, broadcastShape(node, condition!.shape, yes!.shape), no!.shape);
  const [test, a, b] = [condition!, yes!, no!].map((input) => broadcast(node, input, shape)) as [
    Constant,
    Constant,
    Constant,
  ];
  return constant(
    a.data.map((value, index) => (test.data[index] ? value : b.data[index]!)),
    shape,
    a.integer,
  );
};

/** What nodes of constants alone are computed by. */
export const folds: { readonly [op: string]: Fold } = {
  Identity: (_, [a]) => a!,
  Dropout: (_, [a]) => a!,
  Cast: cast,
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Div: elementwise((a, b) => a / b),
  Pow: elementwise((a, b) => a ** b),
  Max: extreme(Math.max),
  Min: extreme(Math.min),
  Equal: elementwise((a, b) => (a === b ? 1 : 0)),
  Neg: unary((a) => 0 - a),
  Abs: unary(Math.abs),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Reciprocal: unary((a) => 1 / a),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Transpose: (node, [a]) => {
    const permutation = node.optionalIntegers("perm") ?? a!.shape.map((_, axis) => a!.shape.length - 1 - axis);
    const axes = permutation.map((axis) => fromFront(node, axis, a!.shape.length));
    if (axes.length !== a!.shape.length || new Set(axes).size !== axes.length) {
      throw node.error(`perm ${formatShape(permutation)} for a tensor of shape ${formatShape(a!.shape)}`);
    }
    return transposed(a!, axes);
  },
  Reshape: (node, [a]) => constant(a!.data, reshapedShape(node, a!.shape, node.vector(1)), a!.integer),
  Flatten: (node, [a]) => {
    const axis = node.integer("axis", 1);
    return constant(a!.data, [sizeOf(a!.shape.slice(0, axis)), sizeOf(a!.shape.slice(axis))], a!.integer);
  },
  Squeeze: (node, [a]) => constant(a!.data, squeezedShape(node, a!.shape), a!.integer),
  Unsqueeze: (node, [a]) => constant(a!.data, unsqueezedShape(node, a!.shape), a!.integer),
  Shape: (_, [a]) => integers(a!.shape),
  Size: (_, [a]) => constant([sizeOf(a!.shape)], [], true),
  Slice: slice,
  Gather: gather,
  Concat: concat,
  ConstantOfShape: constantOfShape,
  Range: range,
  Where: where,
  Expand: (node, [a]) => broadcast(node, a!, broadcastShape(node, a!.shape, node.vector(1))),
  ReduceProd: (node, [a]) => {
    if (a!.shape.length > 1) {
      throw node.error(`a product over axes of shape ${formatShape(a!.shape)}; only of vectors it is read`);
    }
    const keeps = node.integer("keepdims", 1) === 1;
    const product = sizeOf(Array.from(a!.data));
    return constant([product], keeps ? a!.shape.map(() => 1) : [], a!.integer);
  },
};
