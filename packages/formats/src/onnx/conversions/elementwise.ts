import { formatShape, layers, type SymbolicTensor } from "@convoy/core";
import type { Builder, Conversion } from "../builder.js";
import { type Constant, constant, sizeOf } from "../constant.js";
import { broadcast, transposed } from "../fold.js";
import { type Activation, arranged, asInOnnx, sampleShape } from "../graphValue.js";
import type { NodeReader } from "../nodeReader.js";

/** A tensor of the same layout, computed by a layer. */
export function like(input: Activation, tensor: SymbolicTensor, nonNegative = false): Activation {
  return { ...input, tensor, nonNegative };
}

/** x scale + offset, with one number each for all. */
export function affine(input: Activation, scale: number, offset: number): Activation {
  return scale === 1 && offset === 0 ? input : like(input, layers.rescaling({ scale, offset })(input.tensor));
}

/**
 * x scale + offset with constants that have numbers for each channel or each element: a depthwise convolution of 1x1, which
 * training may go on with.
 */
function affineByElement(
  node: NodeReader,
  build: Builder,
  given: Activation,
  constants: { readonly scale?: Constant; readonly offset?: Constant },
): Activation {
  const input = given.flattened === undefined ? given : asInOnnx(given);
  const elements = input.tensor.shape;
  const [scale, offset] = [constants.scale, constants.offset].map((source) => source && inLayout(node, source, input));
  const perChannel = [scale, offset].every((source) => source === undefined || isPerChannel(source));
  const count = perChannel ? elements.at(-1)! : sizeOf(elements);
  node.expectSmall([count]);
  const full = (source: Constant): Constant => broadcast(node, source, perChannel ? [count] : elements);
  const flat = (source: Constant): Constant => full(perChannel ? { ...source, shape: [sizeOf(source.shape)] } : source);
  const kernel = scale === undefined ? new Float32Array(count).fill(1) : flat(scale).data;
  const isImage = perChannel && elements.length === 3;
  const images = isImage
    ? input.tensor
    : layers.reshape({ targetShape: [1, sizeOf(elements) / count, count] })(input.tensor);
  const output = build.call(
    ({ name }) => layers.depthwiseConv2d({ name, kernelSize: 1, useBias: offset !== undefined }),
    node,
    images,
    [
      constant(kernel, [1, 1, count, 1], false),
      ...(offset === undefined ? [] : [constant(flat(offset).data, [count], false)]),
    ],
  );
  return like(input, isImage ? output : layers.reshape({ targetShape: elements })(output));
}

/** Whether it has numbers along the last axis alone. */
function isPerChannel({ shape }: Constant): boolean {
  return shape.slice(0, -1).every((size) => size === 1);
}

/** A constant with the axes of the samples, in the order that the tensor has here; sizes of 1 stay. */
export function inLayout(node: NodeReader, source: Constant, input: Activation): Constant {
  const shape = sampleShape(input);
  const batched = source.shape.length === shape.length + 1 && source.shape[0] === 1;
  const sample = batched ? source.shape.slice(1) : source.shape;
  const missing = shape.length - sample.length;
  const filled = [...Array<number>(Math.max(0, missing)).fill(1), ...sample];
  if (missing < 0 || filled.some((size, axis) => size !== 1 && size !== shape[axis])) {
    throw node.error(`a constant of shape ${formatShape(source.shape)} does not fit samples ${formatShape(shape)}`);
  }
  return transposed(
    { ...source, shape: filled },
    shape.map((_, axis) => input.axes.indexOf(axis)),
  );
}

/**
 * The one number that a constant has, or that all of its numbers are; undefined for several, and where samples would be stretched to
 * its shape.
 */
export function single({ data, shape }: Constant, input: Activation): number | undefined {
  const sample = [1, ...sampleShape(input)];
  const stretches = shape.some((size, axis) => size !== 1 && size !== sample[axis - shape.length + sample.length]);
  return !stretches && data.length > 0 && data.every((value) => value === data[0]) ? data[0] : undefined;
}

/** Layers of several tensors; images of one pixel are stretched to the size of the others, channels of one are not. */
function merged(
  node: NodeReader,
  build: Builder,
  given: readonly Activation[],
  make: (options: { readonly name: string }) => ReturnType<typeof layers.add>,
): Activation {
  const alike = given.every(({ flattened }) => flattened?.join() === given[0]!.flattened?.join());
  const inputs = alike ? given : given.map(asInOnnx);
  const rank = Math.max(...inputs.map(({ axes }) => axes.length));
  const first = inputs.find(({ axes, tensor }) => axes.length === rank && sizeOf(tensor.shape) > 1) ?? inputs[0]!;
  const laidOut = inputs.map((input) => arranged(input, first.axes));
  const [rows, columns] = [0, 1].map((axis) => Math.max(...laidOut.map(({ tensor }) => tensor.shape[axis] ?? 1)));
  const tensors = laidOut.map(({ tensor, axes }) => {
    if (axes.length !== rank) {
      throw node.error(`tensors with ${axes.length} and with ${rank} axes, which are not stretched`);
    }
    const [height, width] = tensor.shape;
    const stretches = rank === 3 && height === 1 && width === 1 && (rows !== 1 || columns !== 1);
    return stretches ? layers.upSampling2d({ size: [rows!, columns!] })(tensor) : tensor;
  });
  return like(first, build.call(make, node, tensors));
}

const add: Conversion = (node, build) => {
  const [a, b] = [node.input(0), node.input(1)];
  const [known, input] = a?.kind === "constant" ? [a, node.activation(1)] : [b, node.activation(0)];
  if (known?.kind !== "constant") {
    return sum(node, build);
  }
  const offset = single(known, input);
  return offset !== undefined ? affine(input, 1, offset) : affineByElement(node, build, input, { offset: known });
};

const sum: Conversion = (node, build) => {
  const inputs = node.inputs().map((_, index) => node.activation(index));
  if (inputs.length === 1) {
    return inputs[0]!;
  }
  const output = merged(node, build, inputs, layers.add);
  return { ...output, nonNegative: inputs.every(({ nonNegative }) => nonNegative) };
};

const subtract: Conversion = (node, build) => {
  const [a, b] = [node.input(0), node.input(1)];
  if (b?.kind === "constant") {
    const input = node.activation(0);
    const offset = single(b, input);
    return offset !== undefined
      ? affine(input, 1, 0 - offset)
      : affineByElement(node, build, input, { offset: negated(b) });
  }
  const input = node.activation(1);
  if (a?.kind === "constant") {
    const offset = single(a, input);
    return offset !== undefined
      ? affine(input, -1, offset)
      : affineByElement(node, build, affine(input, -1, 0), { offset: a });
  }
  return merged(node, build, [node.activation(0), input], layers.subtract);
};

const multiply: Conversion = (node, build) => {
  const [a, b] = [node.input(0), node.input(1)];
  const known = a?.kind === "constant" ? a : b;
  if (known?.kind === "constant") {
    const input = node.activation(a?.kind === "constant" ? 1 : 0);
    const scale = single(known, input);
    return scale !== undefined ? affine(input, scale, 0) : affineByElement(node, build, input, { scale: known });
  }
  const inputs = [node.activation(0), node.activation(1)];
  const output = merged(node, build, inputs, layers.multiply);
  return { ...output, nonNegative: inputs.every(({ nonNegative }) => nonNegative) };
};

const divide: Conversion = (node, build) => {
  const divisor = node.constant(1);
  const input = node.activation(0);
  const one = single(divisor, input);
  const inverse = { ...divisor, data: divisor.data.map((value) => 1 / value) };
  return one !== undefined ? affine(input, 1 / one, 0) : affineByElement(node, build, input, { scale: inverse });
};

function negated(source: Constant): Constant {
  return { ...source, data: source.data.map((value) => 0 - value) };
}

const mean: Conversion = (node, build) => {
  const inputs = node.inputs().map((_, index) => node.activation(index));
  return inputs.length === 1 ? inputs[0]! : merged(node, build, inputs, layers.average);
};

/** Squares and cubes, as products. */
const power: Conversion = (node, build) => {
  const input = node.activation(0);
  const exponent = single(node.constant(1), input);
  if (exponent !== 1 && exponent !== 2 && exponent !== 3) {
    throw node.error(`power ${exponent ?? "of several exponents"}; 1, 2 and 3 are read`);
  }
  return exponent === 1 ? input : merged(node, build, Array<Activation>(exponent).fill(input), layers.multiply);
};

/** Numbers no smaller than `low` and no larger than `high`, by rectifiers. */
export function clipped(input: Activation, low: number, high: number): Activation {
  if (low === -Infinity && high === Infinity) {
    return input;
  }
  if (high === Infinity) {
    const rectified = like(input, layers.relu()(affine(input, 1, 0 - low).tensor), true);
    return low === 0 ? rectified : { ...affine(rectified, 1, low), nonNegative: low >= 0 };
  }
  if (low === -Infinity) {
    const below = like(input, layers.relu()(affine(input, -1, high).tensor), true);
    return affine(below, -1, high);
  }
  const range = high - low;
  const scaled = affine(input, 6 / range, (0 - low * 6) / range);
  const between = like(input, layers.relu6()(scaled.tensor), true);
  return { ...affine(between, range / 6, low), nonNegative: low >= 0 };
}

function extreme(make: typeof layers.maximum, clip: (input: Activation, bound: number) => Activation): Conversion {
  return (node, build) => {
    const inputs = node.inputs();
    const bounds = inputs.filter((input) => input.kind === "constant");
    const tensors = inputs.filter((input) => input.kind === "activation");
    const whole = tensors.length === 1 ? tensors[0]! : merged(node, build, tensors, make);
    return bounds.reduce((value, bound) => {
      const one = single(bound, value);
      if (one === undefined) {
        throw node.error(`a constant of shape ${formatShape(bound.shape)} with several numbers, which is not read`);
      }
      return clip(value, one);
    }, whole);
  };
}

const clip: Conversion = (node) => {
  const bound = (index: number, name: "min" | "max", standard: number): number =>
    node.input(index) === undefined ? node.float(name, standard) : (node.constant(index).data[0] ?? standard);
  // Exporters write the limits of float32 for none.
  const free = (value: number): number => (Math.abs(value) > 3e38 ? Math.sign(value) * Infinity : value);
  const [low, high] = [free(bound(1, "min", -Infinity)), free(bound(2, "max", Infinity))];
  if (!(low < high)) {
    throw node.error(`numbers from ${low} to ${high}, of which there are none`);
  }
  return clipped(node.activation(0), low, high);
};

export const elementwise: { readonly [op: string]: Conversion } = {
  Add: add,
  Sum: sum,
  Sub: subtract,
  Mul: multiply,
  Div: divide,
  Mean: mean,
  Max: extreme(layers.maximum, (input, bound) => clipped(input, bound, Infinity)),
  Min: extreme(layers.minimum, (input, bound) => clipped(input, -Infinity, bound)),
  Clip: clip,
  Pow: power,
  Neg: (node) => affine(node.activation(0), -1, 0),
};
