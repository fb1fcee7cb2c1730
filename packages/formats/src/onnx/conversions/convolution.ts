import { layers } from "@convoy/core";
import type { Builder, Conversion } from "../builder.js";
import { type Constant, sizeOf } from "../constant.js";
import { transposed } from "../fold.js";
import { activation, asImages, channelsLast } from "../graphValue.js";
import type { NodeReader } from "../nodeReader.js";
import { paddedFor, type Window, windowOf } from "../windows.js";

type Pair = readonly [number, number];

/** The bias of a node: its own third input, or what the node behind it adds. */
function biasOf(node: NodeReader, build: Builder, filters: number): Constant | undefined {
  if (node.input(2) === undefined) {
    return build.takeBias(node.node, filters, 2);
  }
  const bias = node.weights(2, 1);
  if (bias.shape[0] !== filters) {
    throw node.error(`${bias.shape[0]} biases for ${filters} filters`);
  }
  return bias;
}

/** [F,C/groups,KH,KW] becomes [KH,KW,C/groups,F]; where each channel has filters of its own, the layer is a depthwise one. */
const convolution: Conversion = (node, build) => {
  const input = asImages(node.images(0)).tensor;
  const kernel = node.weights(1, 4);
  const [filters, inputs, ...size] = kernel.shape as [number, number, number, number];
  const groups = node.integer("group", 1);
  const channels = input.shape[2]!;
  if (groups < 1 || inputs * groups !== channels || filters % groups !== 0) {
    throw node.error(`${groups} groups of ${inputs} channels and ${filters} filters do not fit ${channels} channels`);
  }
  const bias = biasOf(node, build, filters);
  const window = windowOf(node, input, size as unknown as Pair);
  const { image, padding } = paddedFor(input, window);
  const { strides, dilation: dilationRate } = window;
  const shared = { kernelSize: window.size, strides, dilationRate, padding, useBias: bias !== undefined };
  const byChannel = groups === channels && groups > 1;
  const multiplier = filters / groups;
  // Filter c * multiplier + m of ONNX is filter m of channel c.
  const values = byChannel
    ? transposed({ ...kernel, shape: [channels, multiplier, ...size] }, [2, 3, 0, 1])
    : transposed(kernel, [2, 3, 1, 0]);
  const output = build.call(
    ({ name }) =>
      byChannel
        ? layers.depthwiseConv2d({ ...shared, name, depthMultiplier: multiplier })
        : layers.conv2d({ ...shared, name, filters, groups }),
    node,
    image,
    [values, ...(bias === undefined ? [] : [bias])],
  );
  return activation(output, { axes: channelsLast });
};

/** [C,F,KH,KW] becomes [KH,KW,F,C]. Padding of a transposed convolution is what is cut off its result. */
const transposedConvolution: Conversion = (node, build) => {
  const input = asImages(node.images(0)).tensor;
  const kernel = node.weights(1, 4);
  const [channels, filters, ...size] = kernel.shape as [number, number, number, number];
  if (node.integer("group", 1) !== 1) {
    throw node.error(`a transposed convolution in ${node.integer("group", 1)} groups, which is not read`);
  }
  if (channels !== input.shape[2]) {
    throw node.error(`a kernel for ${channels} channels on images with ${input.shape[2]}`);
  }
  const bias = biasOf(node, build, filters);
  const { window, added } = transposedWindow(node, input.shape as readonly number[], size as unknown as Pair);
  const { pads, strides, dilation: dilationRate } = window;
  const grown = build.call(
    ({ name }) =>
      layers.conv2dTranspose({
        ...{ name, filters, strides, dilationRate, kernelSize: window.size, useBias: bias !== undefined },
        outputPadding: added as [number, number],
      }),
    node,
    input,
    [transposed(kernel, [2, 3, 1, 0]), ...(bias === undefined ? [] : [bias])],
  );
  const uncut = Object.values(pads).every((count) => count === 0);
  const cut = uncut
    ? grown
    : layers.cropping2d({
        cropping: [
          [pads.top, pads.bottom],
          [pads.left, pads.right],
        ],
      })(grown);
  return activation(cut, { axes: channelsLast });
};

/** The window of a transposed convolution: its padding may follow from the size of the result ("ConvTranspose" of ONNX). */
function transposedWindow(node: NodeReader, image: readonly number[], size: Pair): { window: Window; added: number[] } {
  const added = [...node.integers("output_padding", [0, 0])];
  const strides = node.integers("strides", [1, 1]) as Pair;
  const dilation = node.integers("dilations", [1, 1]) as Pair;
  const [top, left, bottom, right] = node.integers("pads", [0, 0, 0, 0]) as [number, number, number, number];
  const automatic = node.text("auto_pad", "NOTSET");
  const wanted = node.optionalIntegers("output_shape")?.slice(-2);
  let pads = { top, left, bottom, right };
  if (wanted !== undefined || automatic.startsWith("SAME")) {
    const total = size.map((length, axis) => {
      const whole = (image[axis]! - 1) * strides[axis]! + (length - 1) * dilation[axis]! + 1 + added[axis]!;
      return whole - (wanted?.[axis] ?? image[axis]! * strides[axis]!);
    });
    const first = total.map((sum) => (automatic === "SAME_UPPER" ? Math.floor(sum / 2) : Math.ceil(sum / 2)));
    pads = { top: first[0]!, left: first[1]!, bottom: total[0]! - first[0]!, right: total[1]! - first[1]! };
  }
  if (Object.values(pads).some((count) => count < 0)) {
    throw node.error(
      `its result would have to be larger than what its kernel gives, by [${Object.values(pads)}] at the sides`,
    );
  }
  return { window: { size, strides, dilation, pads }, added };
}

/** Rows by columns of weights: a dense layer over the last axis. */
const matrixProduct: Conversion = (node, build) => {
  const kernel = node.weights(1, 2);
  const bias = build.takeBias(node.node, kernel.shape[1]!, 0);
  return dense(node, build, kernel, bias);
};

/** alpha A B + beta C. */
const generalProduct: Conversion = (node, build) => {
  if (node.integer("transA", 0) === 1) {
    throw node.error("attribute transA is 1; samples as columns are not read");
  }
  const given = node.weights(1, 2);
  const kernel = scaled(node.integer("transB", 0) === 1 ? transposed(given, [1, 0]) : given, node.float("alpha", 1));
  const units = kernel.shape[1]!;
  if (node.input(2) === undefined) {
    return dense(node, build, kernel, build.takeBias(node.node, units, 0));
  }
  const added = node.constant(2);
  const size = sizeOf(added.shape);
  if (size !== 1 && (size !== units || added.shape.at(-1) !== units)) {
    throw node.error(`${size} biases for ${units} units`);
  }
  const data = Float32Array.from({ length: units }, (_, unit) => added.data[size === 1 ? 0 : unit]!);
  return dense(node, build, kernel, scaled({ ...added, data, shape: [units] }, node.float("beta", 1)));
};

function scaled(weights: Constant, factor: number): Constant {
  return factor === 1 ? weights : { ...weights, data: weights.data.map((value) => value * factor) };
}

function dense(node: NodeReader, build: Builder, kernel: Constant, bias: Constant | undefined) {
  const input = node.activation(0);
  const rows = input.flattened === undefined ? node.inOnnxOrder(0) : input;
  const [inputs, units] = kernel.shape as [number, number];
  if (rows.tensor.shape.at(-1) !== inputs) {
    throw node.error(`a kernel for ${inputs} numbers on samples that have ${rows.tensor.shape.at(-1)}`);
  }
  const output = build.call(
    ({ name }) => layers.dense({ name, units, useBias: bias !== undefined }),
    node,
    rows.tensor,
    [inFlattenedOrder(kernel, input.flattened), ...(bias === undefined ? [] : [bias])],
  );
  return activation(output);
}

/** Rows of a kernel in the order in which a flattened image has its numbers here. */
function inFlattenedOrder(kernel: Constant, image: readonly [number, number, number] | undefined): Constant {
  if (image === undefined) {
    return kernel;
  }
  const [height, width, channels] = image;
  const units = kernel.shape[1]!;
  const moved = transposed({ ...kernel, shape: [channels, height, width, units] }, [1, 2, 0, 3]);
  return { ...moved, shape: kernel.shape };
}

export const convolutions: { readonly [op: string]: Conversion } = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MatMul: matrixProduct,
  Gemm: generalProduct,
};
