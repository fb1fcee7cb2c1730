import { formatShape, type Layer, ShapeError, type Tensor } from "@convoy/core";
import { flattenedImage } from "./flattenedImage.js";

/** How one weight of a layer lies in PyTorch. */
export interface WeightLayout {
  /** Name within its module: "weight", "running_mean". */
  readonly tensor: string;
  /** Shape in PyTorch. */
  readonly shape: readonly number[];
  /** For each axis of the layer's weight the axis of `split`. */
  readonly order: readonly number[];
  /** PyTorch's shape with axes taken apart that the layer's weight has apart or in another order. */
  readonly split: readonly number[];
}

/** The weights of a layer in its order; `module` counts the modules of PyTorch that the layer stands for. */
export interface LayerLayout {
  readonly modules: readonly string[];
  readonly weights: readonly (WeightLayout & { readonly module: number })[];
}

/** PyTorch's names of what Keras' layers call otherwise. */
const tensorNames: { readonly [weight: string]: string } = {
  ...{ kernel: "weight", depthwise_kernel: "weight", pointwise_kernel: "weight", gamma: "weight", alpha: "weight" },
  ...{ bias: "bias", beta: "bias", moving_mean: "running_mean", moving_variance: "running_var" },
};

/** How the weights of a layer lie in PyTorch; undefined for a layer that PyTorch has no counterpart of. */
export function layoutOf(layer: Layer): LayerLayout | undefined {
  const parameters = layer.weights?.parameters ?? [];
  const image = flattenedImage(layer);
  const weights = parameters.map(({ name, shape }) => {
    const tensor = tensorNames[name];
    const kernel = name.endsWith("kernel")
      ? kernelLayout(layer.className, name, shape, image)
      : vectorLayout(shape, image);
    const module = layer.className === "SeparableConv2D" && name !== "depthwise_kernel" ? 1 : 0;
    return tensor === undefined || kernel === undefined ? undefined : { tensor, module, ...kernel };
  });
  if (weights.some((weight) => weight === undefined)) {
    return undefined;
  }
  const modules = layer.className === "SeparableConv2D" ? [".depthwise", ".pointwise"] : [""];
  return { modules, weights: weights as (WeightLayout & { module: number })[] };
}

type Axes = Omit<WeightLayout, "tensor">;

function kernelLayout(
  className: string,
  name: string,
  shape: readonly number[],
  image: readonly [number, number, number] | undefined,
): Axes | undefined {
  if (className === "Dense") {
    const [inputs, units] = shape as [number, number];
    const [height, width, channels] = image ?? [];
    return height === undefined
      ? { shape: [units, inputs], split: [units, inputs], order: [1, 0] }
      : { shape: [units, inputs], split: [units, channels!, height, width!], order: [2, 3, 1, 0] };
  }
  if (className === "Conv1D") {
    const [size, inputs, filters] = shape as [number, number, number];
    return { shape: [filters, inputs, size], split: [filters, inputs, size], order: [2, 1, 0] };
  }
  if (shape.length !== 4) {
    return undefined;
  }
  const [height, width, third, fourth] = shape as [number, number, number, number];
  if (className === "DepthwiseConv2D" || name === "depthwise_kernel") {
    // Filter c * multiplier + m is filter m of channel c.
    return { shape: [third * fourth, 1, height, width], split: [third, fourth, height, width], order: [2, 3, 0, 1] };
  }
  // Of Conv2DTranspose the last axis is the input's, which PyTorch has first as well.
  const outer = [fourth, third, height, width];
  return { shape: outer, split: outer, order: [2, 3, 1, 0] };
}

/** One number for each channel, or for each number of a row. */
function vectorLayout(
  shape: readonly number[],
  image: readonly [number, number, number] | undefined,
): Axes | undefined {
  const size = shape.reduce((product, length) => product * length, 1);
  if (shape.length === 1 && image !== undefined && size === image[0] * image[1] * image[2]) {
    const [height, width, channels] = image;
    return { shape, split: [channels, height, width], order: [1, 2, 0] };
  }
  // Slopes of PReLU have axes of size 1 around the channels.
  const channels = shape.at(-1) ?? 1;
  return size === channels ? { shape: [size], split: shape, order: shape.map((_, axis) => axis) } : undefined;
}

/** PyTorch's numbers in the order of the layer. Throws `ShapeError` where the shape is another. */
export function fromTorch(
  label: string,
  { data, shape }: Tensor,
  layout: WeightLayout,
  target: readonly number[],
): Tensor<Float32Array> {
  // A convolution of 1x1 stands for a dense layer in some networks.
  const trimmed = shape.length > layout.shape.length ? shape.filter((size, axis) => axis < 2 || size !== 1) : shape;
  if (trimmed.length !== layout.shape.length || trimmed.some((size, axis) => size !== layout.shape[axis])) {
    throw new ShapeError(
      `${label} has shape ${formatShape(shape)}, the layer takes ${formatShape(layout.shape)}. Say which layer has which module by ` +
        "the option names, or build the model with the same sizes",
    );
  }
  return { data: reordered(Float32Array.from(data), layout.split, layout.order), shape: target };
}

/** A layer's numbers in PyTorch's order. */
export function toTorch(data: Float32Array, layout: WeightLayout): Tensor<Float32Array> {
  const { order, split, shape } = layout;
  const back = order.map((_, axis) => order.indexOf(axis));
  return {
    data: reordered(
      data,
      order.map((axis) => split[axis]!),
      back,
    ),
    shape,
  };
}

/** Numbers of shape `shape` with its axes in another order. */
function reordered(data: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = order.map((axis) => shape[axis]!);
  const result = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  let place = 0;
  for (let at = 0; at < result.length; at++) {
    result[at] = data[place]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      place += strides[order[axis]!]!;
      if (index[axis]! < sizes[axis]!) {
        break;
      }
      place -= sizes[axis]! * strides[order[axis]!]!;
      index[axis] = 0;
    }
  }
  return result;
}
