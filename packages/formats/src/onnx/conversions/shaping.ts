import { formatShape, layers, type SymbolicTensor } from "@convoy/core";
import type { Conversion } from "../builder.js";
import { integers, sizeOf } from "../constant.js";
import { fromFront, type SliceRange, sliceRanges, squeezedShape, unsqueezedShape } from "../fold.js";
import { type Activation, activation, arranged, asImages, asInOnnx, channelsLast, sampleShape } from "../graphValue.js";
import type { NodeReader } from "../nodeReader.js";
import { like } from "./elementwise.js";

/** The same numbers as samples of that shape in ONNX. */
function reshaped(input: Activation, target: readonly number[]): Activation {
  const from = sampleShape(input);
  const same = target.length === from.length && target.every((size, axis) => size === from[axis]);
  if (same && input.flattened === undefined) {
    return input;
  }
  const isImage = input.axes.length === 3 && input.axes.every((axis, index) => axis === channelsLast[index]);
  if (target.length === 1 && isImage) {
    return flattened(input);
  }
  if (target.length === 1 && input.flattened !== undefined) {
    return input;
  }
  const { tensor } = asInOnnx(input);
  const [channels, height, width] = target as [number, number, number];
  // With one channel, or one pixel, both orders of axes are the same numbers.
  const asImage = target.length === 3 && (channels === 1 || height * width === 1);
  const shape = asImage ? [height, width, channels] : target;
  const options = asImage ? { ...input, axes: channelsLast } : { nonNegative: input.nonNegative };
  const kept = shape.length === tensor.shape.length && shape.every((size, axis) => size === tensor.shape[axis]);
  return activation(kept ? tensor : layers.reshape({ targetShape: shape })(tensor), options);
}

/** Images as rows; dense layers behind take the numbers as they lie here. */
function flattened(input: Activation): Activation {
  const [height, width, channels] = input.tensor.shape as [number, number, number];
  const row = activation(layers.flatten()(input.tensor), { nonNegative: input.nonNegative });
  return height * width === 1 || channels === 1 ? row : { ...row, flattened: [height, width, channels] };
}

/** Samples of the shape that the node asks for; the first axis is the batch and stays what it is. */
const reshape: Conversion = (node) => {
  const input = node.activation(0);
  const target = node.opset < 5 ? (node.optionalIntegers("shape") ?? []) : node.vector(1);
  const from = sampleShape(input);
  const size = sizeOf(from);
  const [batch, ...rest] = target.map((length, axis) => (length === 0 && axis > 0 ? (from[axis - 1] ?? 0) : length));
  const known = sizeOf(rest.filter((length) => length !== -1));
  const sample = rest.map((length) => (length === -1 ? size / known : length));
  // A batch of fixed size stands for any; without one, all other axes say that this axis is the batch.
  const fits = sizeOf(sample) === size && sample.every((length) => Number.isInteger(length) && length > 0);
  if (batch === undefined || !fits) {
    throw node.error(
      `samples ${formatShape(from)} do not fit the shape ${formatShape(target)}, whose first axis must be the batch`,
    );
  }
  return reshaped(input, sample);
};

const flatten: Conversion = (node) => {
  const input = node.activation(0);
  const axis = fromFront(node, node.integer("axis", 1), input.axes.length + 2);
  if (axis !== 1) {
    throw node.error(`attribute axis is ${axis}; flattening is read from axis 1 only`);
  }
  return reshaped(input, [sizeOf(sampleShape(input))]);
};

/** Without the batch, which must stay first. */
function withoutBatch(node: NodeReader, shape: readonly number[]): readonly number[] {
  if (!Number.isNaN(shape[0])) {
    throw node.error("it moves or removes the axis of the batch");
  }
  return shape.slice(1);
}

const transpose: Conversion = (node) => {
  const input = node.activation(0);
  const value = input.flattened === undefined ? input : asInOnnx(input);
  const rank = value.axes.length + 1;
  const permutation = node.optionalIntegers("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (permutation.length !== rank || [...permutation].sort((a, b) => a - b).some((axis, index) => axis !== index)) {
    throw node.error(`attribute perm is ${formatShape(permutation)} for a tensor with ${rank} axes`);
  }
  if (permutation[0] !== 0) {
    throw node.error(`attribute perm is ${formatShape(permutation)}, which moves the axis of the batch`);
  }
  return { ...value, axes: permutation.slice(1).map((axis) => value.axes[axis - 1]!) };
};

const concat: Conversion = (node, build) => {
  const given = node.inputs().map((_, index) => node.activation(index));
  if (given.length === 1) {
    return given[0]!;
  }
  const inputs = given.map((input) => (input.flattened === undefined ? input : asInOnnx(input)));
  const axis = fromFront(node, node.integer("axis", 1), inputs[0]!.axes.length + 1);
  if (axis === 0) {
    throw node.error("it joins batches");
  }
  const { axes } = inputs[0]!;
  const tensors = inputs.map((input) => arranged(input, axes).tensor);
  const output = build.call(({ name }) => layers.concatenate({ name, axis: axes[axis - 1]! + 1 }), node, tensors);
  return activation(output, { axes, nonNegative: inputs.every(({ nonNegative }) => nonNegative) });
};

/** Parts of tensors: rows, columns and channels are cut off. */
function part(node: NodeReader, given: Activation, ranges: readonly SliceRange[]): Activation {
  const value = given.flattened === undefined ? given : asInOnnx(given);
  return ranges.reduce((input, { axis, start, end, step }) => {
    const size = sampleShape(input)[axis - 1]!;
    if (axis === 0) {
      throw node.error("it takes a part of the batch");
    }
    if (end <= start) {
      throw node.error(`it takes the part from ${start} to ${end}, which is empty`);
    }
    return start === 0 && end === size && step === 1
      ? input
      : like(input, cut(input.tensor, input.axes[axis - 1]!, [start, size - end], step), input.nonNegative);
  }, value);
}

/** Cuts numbers off along an axis, which is brought to the columns of an image for that; keeps every `step`-th. */
function cut(
  tensor: SymbolicTensor,
  axis: number,
  [before, after]: readonly [number, number],
  step: number,
): SymbolicTensor {
  const { shape } = tensor;
  const [outer, size, inner] = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
  const images = layers.reshape({ targetShape: [outer, size, inner] })(tensor);
  const kept =
    before === 0 && after === 0
      ? images
      : layers.cropping2d({
          cropping: [
            [0, 0],
            [before, after],
          ],
        })(images);
  const stepped = step === 1 ? kept : layers.averagePooling2d({ poolSize: 1, strides: [1, step] })(kept);
  return layers.reshape({ targetShape: shape.with(axis, stepped.shape[1]!) })(stepped);
}

const slice: Conversion = (node) => part(node, node.activation(0), sliceRanges(node, node.shape(0)));

const split: Conversion = (node) => {
  const input = node.activation(0);
  const shape = node.shape(0);
  const axis = fromFront(node, node.integer("axis", 0), shape.length);
  const count = node.node.outputs.length;
  const size = shape[axis]!;
  const given = node.input(1) === undefined ? node.optionalIntegers("split") : node.vector(1);
  const equal = Math.ceil(size / count);
  const sizes = given ?? Array.from({ length: count }, (_, index) => Math.min(equal, size - index * equal));
  if (sizes.length !== count || sizes.reduce((sum, length) => sum + length, 0) !== size) {
    throw node.error(`parts of sizes ${formatShape(sizes)} of an axis of size ${size}`);
  }
  let start = 0;
  return sizes.map((length) => {
    const range = { axis, start, end: start + length, step: 1 };
    start += length;
    return part(node, input, [range]);
  });
};

/** Zeros around images, for each axis before and after; below 0 it cuts off. */
const pad: Conversion = (node) => {
  const given = node.activation(0);
  const mode = node.text("mode", "constant");
  const fill = node.input(2) === undefined ? node.float("value", 0) : (node.constant(2).data[0] ?? 0);
  const pads = node.input(1) === undefined ? (node.optionalIntegers("pads") ?? []) : node.vector(1);
  const rank = given.axes.length + 1;
  const named = node.input(3) === undefined ? undefined : node.vector(3).map((axis) => fromFront(node, axis, rank));
  const axes = named ?? Array.from({ length: rank }, (_, axis) => axis);
  if (pads.length !== 2 * axes.length) {
    throw node.error(`${pads.length} numbers of padding for ${axes.length} axes`);
  }
  const sides = axes.map((axis, index) => ({ axis, before: pads[index]!, after: pads[index + axes.length]! }));
  const used = sides.filter(({ before, after }) => before !== 0 || after !== 0);
  if (used.length > 0 && (mode !== "constant" || fill !== 0)) {
    throw node.error(`padding by mode "${mode}" and value ${fill}; only zeros are read`);
  }
  const value = given.flattened === undefined ? given : asInOnnx(given);
  return used.reduce((input, { axis, before, after }) => {
    if (axis === 0) {
      throw node.error("it pads the batch");
    }
    return like(input, padded(input.tensor, input.axes[axis - 1]!, before, after), input.nonNegative);
  }, value);
};

/** Zeros along one axis, which is brought to the columns of an image for that. */
function padded(tensor: SymbolicTensor, axis: number, before: number, after: number): SymbolicTensor {
  const { shape } = tensor;
  const [outer, size, inner] = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
  const images = layers.reshape({ targetShape: [outer, size, inner] })(tensor);
  const sides = (columns: readonly [number, number]) => [[0, 0], columns] as const;
  const [more, less] = [
    [Math.max(0, before), Math.max(0, after)],
    [Math.max(0, 0 - before), Math.max(0, 0 - after)],
  ] as const;
  const wide = Math.max(...more) > 0 ? layers.zeroPadding2d({ padding: sides(more) })(images) : images;
  const kept = Math.max(...less) > 0 ? layers.cropping2d({ cropping: sides(less) })(wide) : wide;
  return layers.reshape({ targetShape: shape.with(axis, kept.shape[1]!) })(kept);
}

/** Images in another size, for whole factors or by centres of pixels. */
const resize: Conversion = (node, build) => {
  const input = asImages(node.images(0));
  const [height, width] = input.tensor.shape as [number, number, number];
  const [rows, columns] = resizedTo(node, [height, width]);
  const mode = node.text("mode", "nearest");
  const isUpsample = node.node.op === "Upsample" || node.opset < 11;
  const positions = node.text("coordinate_transformation_mode", isUpsample ? "asymmetric" : "half_pixel");
  const interpolation = mode === "nearest" ? ("nearest" as const) : ("bilinear" as const);
  const whole = rows % height === 0 && columns % width === 0;
  // By whole factors each pixel is repeated, however positions are counted.
  const repeats = mode === "nearest" && whole && positions !== "align_corners" && positions !== "tf_crop_and_resize";
  const byCentres = mode === "linear" && (positions === "half_pixel" || positions === "pytorch_half_pixel");
  if (rows === height && columns === width) {
    return input;
  }
  if (!repeats && !byCentres) {
    throw node.error(
      `mode "${mode}" with positions by "${positions}" from ${height} x ${width} to ${rows} x ${columns}; what is read is "nearest" ` +
        'by whole factors, and "linear" with "half_pixel"',
    );
  }
  const output = build.call(
    ({ name }) =>
      whole
        ? layers.upSampling2d({ name, size: [rows / height, columns / width], interpolation })
        : layers.resizing({ name, height: rows, width: columns, interpolation }),
    node,
    input.tensor,
  );
  return like(input, output, input.nonNegative);
};

/** [height, width] of the result: by sizes or by scales, for all axes or for those named. */
function resizedTo(node: NodeReader, image: readonly [number, number]): [number, number] {
  const places = node.node.op === "Upsample" || node.opset < 11 ? { scales: 1, sizes: -1 } : { scales: 2, sizes: 3 };
  const vector = (index: number): readonly number[] | undefined => {
    const value = node.input(index);
    return value === undefined || (value.kind === "constant" && value.data.length === 0)
      ? undefined
      : node.vector(index);
  };
  const sizes = vector(places.sizes);
  const scales = sizes === undefined ? (vector(places.scales) ?? node.optionalFloats("scales")) : undefined;
  const listed = sizes ?? scales;
  const axes = node.optionalIntegers("axes")?.map((axis) => fromFront(node, axis, 4)) ?? [0, 1, 2, 3];
  if (listed === undefined || listed.length !== axes.length) {
    throw node.error(`neither scales nor sizes for the ${axes.length} axes`);
  }
  const result = [2, 3].map((axis) => {
    const index = axes.indexOf(axis);
    const length = image[axis - 2]!;
    const size = index < 0 ? length : sizes === undefined ? Math.floor(length * listed[index]! + 1e-6) : listed[index]!;
    if (!Number.isInteger(size) || size < 1) {
      throw node.error(`a size of ${size} of axis ${axis}`);
    }
    return size;
  });
  const others = axes.filter((axis) => axis < 2);
  if (sizes === undefined && others.some((axis) => listed[axes.indexOf(axis)] !== 1)) {
    throw node.error("it makes the channels or the batch larger");
  }
  return result as [number, number];
}

const squeeze: Conversion = (node) =>
  reshaped(
    node.activation(0),
    withoutBatch(node, squeezedShape(node, [Number.NaN, ...sampleShape(node.activation(0))])),
  );

const unsqueeze: Conversion = (node) =>
  reshaped(
    node.activation(0),
    withoutBatch(node, unsqueezedShape(node, [Number.NaN, ...sampleShape(node.activation(0))])),
  );

const cast: Conversion = (node) => {
  const type = node.integer("to", 1);
  if (type !== 1 && type !== 10 && type !== 11 && type !== 16) {
    throw node.error(`it makes numbers of type ${type} of what the model computes; only types with fractions are read`);
  }
  return node.activation(0);
};

export const shaping: { readonly [op: string]: Conversion } = {
  Identity: (node) => node.activation(0),
  Cast: cast,
  Shape: (node) => {
    const shape = node.shape(0);
    const [start, end] = [node.integer("start", 0), node.integer("end", shape.length)];
    return integers(shape.slice(start, end));
  },
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Slice: slice,
  Split: split,
  Pad: pad,
  Resize: resize,
  Upsample: resize,
};
