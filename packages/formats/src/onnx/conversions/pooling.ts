import { layers, type SymbolicTensor } from "@convoy/core";
import type { Conversion } from "../builder.js";
import { axesOf, fromFront } from "../fold.js";
import { type Activation, activation, arranged, asImages, channelsLast } from "../graphValue.js";
import type { NodeReader } from "../nodeReader.js";
import { paddingName, type Window, windowOf, zeros } from "../windows.js";

type Pool = typeof layers.maxPooling2d;

function pooling(pool: Pool, mayPadByZeros: (node: NodeReader, input: Activation) => boolean): Conversion {
  return (node, build) => {
    const images = asImages(node.images(0));
    const size = node.optionalIntegers("kernel_shape");
    if (size?.length !== 2) {
      throw node.error(`attribute kernel_shape has ${size?.length ?? 0} numbers, expected 2`);
    }
    if (node.node.outputs.slice(1).some((name) => name !== "")) {
      throw node.error("it gives the places of the largest numbers as well, which is not read");
    }
    const window = windowOf(node, images.tensor, size as unknown as readonly [number, number]);
    if (window.dilation.some((step) => step !== 1)) {
      throw node.error(`attribute dilations is [${window.dilation}]; pooling with gaps is not read`);
    }
    const output = pooled(node, pool, images, window, mayPadByZeros(node, images), (make, image) =>
      build.call(make, node, image),
    );
    return activation(output, { axes: channelsLast, nonNegative: images.nonNegative });
  };
}

function pooled(
  node: NodeReader,
  pool: Pool,
  { tensor }: Activation,
  window: Window,
  padsByZeros: boolean,
  call: (make: (options: { readonly name: string }) => ReturnType<Pool>, image: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  const { size: poolSize, strides, pads } = window;
  const padding = paddingName(tensor, window);
  const without = padding === "valid";
  // A mean that counts the padding is that of an image with zeros around it.
  if (without || (padding === "same" && !(pool === layers.averagePooling2d && padsByZeros))) {
    return call(({ name }) => pool({ name, poolSize, strides, padding: padding! }), tensor);
  }
  if (padsByZeros) {
    return call(({ name }) => pool({ name, poolSize, strides, padding: "valid" }), zeros(tensor, pads));
  }
  // Windows of odd size around each pixel, of which only those that the strides meet are kept.
  const around = poolSize.every((length) => length % 2 === 1);
  const [rows, columns] = poolSize.map((length) => (length - 1) / 2) as [number, number];
  if (!around || pads.top !== rows || pads.left !== columns) {
    throw node.error(
      `padding [${Object.values(pads)}] of a pooling over ${poolSize.join(" x ")} that must not count it, which is not read`,
    );
  }
  const everywhere = call(({ name }) => pool({ name, poolSize, strides: 1, padding: "same" }), tensor);
  const kept = layers.averagePooling2d({ poolSize: 1, strides })(everywhere);
  return cropped(kept, outputSize(tensor, window));
}

function outputSize({ shape }: SymbolicTensor, { size, strides, pads }: Window): [number, number] {
  const sums = [pads.top + pads.bottom, pads.left + pads.right];
  return [0, 1].map((axis) => Math.floor((shape[axis]! + sums[axis]! - size[axis]!) / strides[axis]!) + 1) as [
    number,
    number,
  ];
}

/** The first rows and columns. */
function cropped(image: SymbolicTensor, [rows, columns]: readonly [number, number]): SymbolicTensor {
  const [bottom, right] = [image.shape[0]! - rows, image.shape[1]! - columns];
  return bottom === 0 && right === 0
    ? image
    : layers.cropping2d({
        cropping: [
          [0, bottom],
          [0, right],
        ],
      })(image);
}

/** Whether a mean counts zeros around the image; rows and columns that ceil_mode adds are never counted. */
function countsPadding(node: NodeReader): boolean {
  const counts = node.integer("count_include_pad", 0) === 1;
  const padded =
    node.integers("pads", [0, 0, 0, 0]).some((count) => count !== 0) || node.text("auto_pad", "").startsWith("SAME");
  if (counts && padded && node.integer("ceil_mode", 0) === 1) {
    throw node.error("a mean that counts padding, of a size that is rounded up, which is not read");
  }
  return counts && padded;
}

type GlobalPool = typeof layers.globalAveragePooling2d;

/** [N,C,H,W] to [N,C,1,1]. */
function globalPooling(pool: GlobalPool): Conversion {
  return (node, build) => {
    const images = asImages(node.images(0));
    const output = build.call(({ name }) => pool({ name, keepDims: true }), node, images.tensor);
    return activation(output, { axes: channelsLast, nonNegative: images.nonNegative });
  };
}

/** A mean or maximum over the two axes of images. */
function reduction(pool: GlobalPool): Conversion {
  return (node, build) => {
    const value = node.activation(0);
    const rank = value.axes.length + 1;
    const axes = (axesOf(node) ?? []).map((axis) => fromFront(node, axis, rank)).sort();
    const channels = [1, 2, 3].find((axis) => !axes.includes(axis)) ?? 0;
    if (rank !== 4 || axes.length !== 2 || axes.includes(0)) {
      throw node.error(`over axes [${axes}] of a tensor with ${rank} axes; it is read over two axes of images only`);
    }
    const others = [0, 1, 2].filter((axis) => axis !== channels - 1);
    // The axis that stays becomes the last one.
    const order: number[] = [];
    order[channels - 1] = 2;
    others.forEach((axis, index) => {
      order[axis] = index;
    });
    const { tensor } = arranged(value, order);
    const keepDims = node.integer("keepdims", 1) === 1;
    const output = build.call(({ name }) => pool({ name, keepDims }), node, tensor);
    return activation(output, { ...(keepDims ? { axes: order } : {}), nonNegative: value.nonNegative });
  };
}

export const poolings: { readonly [op: string]: Conversion } = {
  MaxPool: pooling(layers.maxPooling2d, (_, { nonNegative }) => nonNegative),
  AveragePool: pooling(layers.averagePooling2d, countsPadding),
  GlobalAveragePool: globalPooling(layers.globalAveragePooling2d),
  GlobalMaxPool: globalPooling(layers.globalMaxPooling2d),
  ReduceMean: reduction(layers.globalAveragePooling2d),
  ReduceMax: reduction(layers.globalMaxPooling2d),
};
