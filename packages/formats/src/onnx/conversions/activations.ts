import { type Activation as ActivationOption, layers } from "@convoy/core";
import type { Conversion } from "../builder.js";
import type { Constant } from "../constant.js";
import { fromFront } from "../fold.js";
import { type Activation, activation, arranged, asInOnnx, sampleShape } from "../graphValue.js";
import type { NodeReader } from "../nodeReader.js";
import { affine, clipped, inLayout, like } from "./elementwise.js";

/** A layer that acts on each number by itself, whatever the layout. */
function byElement(make: (node: NodeReader) => ActivationOption, nonNegative = false): Conversion {
  return (node, build) => {
    const input = node.activation(0);
    const option = make(node);
    return like(
      input,
      build.call(({ name }) => layers.activation({ name, activation: option }), node, input.tensor),
      nonNegative,
    );
  };
}

/** A name that the operator's standard settings have; throws for others. */
function fixed(
  option: ActivationOption,
  settings: Readonly<Record<string, number>>,
): (node: NodeReader) => ActivationOption {
  return (node) => {
    for (const [name, standard] of Object.entries(settings)) {
      const value = node.float(name, standard);
      if (Math.abs(value - standard) > 1e-4) {
        throw node.error(`attribute ${name} is ${value}; only ${standard} is read`);
      }
    }
    return option;
  };
}

/** max(0, min(1, alpha x + beta)). */
const hardSigmoid: Conversion = (node) => {
  const input = node.activation(0);
  return clipped(affine(input, node.float("alpha", 0.2), node.float("beta", 0.5)), 0, 1);
};

/** Softmax and its logarithm along one axis; before opset 13 along all axes from that one on. */
function softmax(option: "softmax" | "logSoftmax"): Conversion {
  return (node, build) => {
    const given = node.activation(0);
    const shape = sampleShape(given);
    const old = node.opset < 13;
    const axis = fromFront(node, node.integer("axis", old ? 1 : -1), shape.length + 1);
    if (axis === 0) {
      throw node.error("a softmax over the batch");
    }
    const behind = shape.slice(axis - 1);
    if (old && behind.filter((size) => size > 1).length > 1) {
      throw node.error(`a softmax over several axes at once, of sizes ${behind.join(", ")}, which is not read`);
    }
    const wide = behind.findIndex((size) => size > 1);
    const along = old ? axis - 1 + Math.max(0, wide) : axis - 1;
    const input = lastHere(given, along);
    const tensor = build.call(({ name }) => layers.activation({ name, activation: option }), node, input.tensor);
    return like(input, tensor, option === "softmax");
  };
}

/** With that axis of ONNX behind all others. */
function lastHere(given: Activation, along: number): Activation {
  const input = given.flattened === undefined ? given : asInOnnx(given);
  const last = input.axes.length - 1;
  if (input.axes[along] === last) {
    return input;
  }
  return arranged(
    input,
    input.axes.map((_, axis) => (axis === along ? last : axis < along ? axis : axis - 1)),
  );
}

/** Slopes below 0: one for all, for each channel or for each element. */
const prelu: Conversion = (node, build) => {
  const given = node.activation(0);
  const input = given.flattened === undefined ? given : asInOnnx(given);
  const slopes = node.constant(1);
  const shape = sampleShape(input);
  // PyTorch's slopes are a vector, for the channels.
  const isVector = shape.length === 3 && slopes.shape.length === 1 && slopes.shape[0] === shape[0];
  const alpha = inLayout(node, isVector ? { ...slopes, shape: [shape[0]!, 1, 1] } : slopes, input);
  const sharedAxes = alpha.shape.flatMap((size, axis) => (size === 1 ? [axis + 1] : []));
  const first = sharedAxes.every((axis, index) => axis === index + 1);
  if (!first) {
    throw node.error(`slopes of shape [${slopes.shape}] for samples [${shape}], which are not read`);
  }
  const output = build.call(({ name }) => layers.prelu({ name, sharedAxes }), node, input.tensor, [alpha]);
  return like(input, output);
};

/** Dropout acts in training, as exporters leave it out where they do not want that. */
const dropout: Conversion = (node, build) => {
  const input = node.activation(0);
  const ratio = node.input(1) === undefined ? node.float("ratio", 0.5) : (node.constant(1).data[0] ?? 0.5);
  const output = build.call(({ name }) => layers.dropout({ name, rate: ratio }), node, input.tensor);
  return like(input, output, input.nonNegative);
};

/** Scale, offset, mean and variance of each channel. */
const batchNormalization: Conversion = (node, build) => {
  const given = node.activation(0);
  const input = lastHere(given, 0);
  const channels = input.tensor.shape.at(-1)!;
  const weights = [1, 2, 3, 4].map((index) => vectorOf(node, index, channels));
  const epsilon = node.float("epsilon", 1e-5);
  const momentum = Math.min(node.float("momentum", 0.9), 1 - 1e-6);
  const output = build.call(
    ({ name }) => layers.batchNormalization({ name, epsilon, momentum }),
    node,
    input.tensor,
    weights,
  );
  return like(input, output);
};

function vectorOf(node: NodeReader, index: number, length: number): Constant {
  const vector = node.weights(index, 1);
  if (vector.shape[0] !== length) {
    throw node.error(`input ${index} has ${vector.shape[0]} numbers for ${length} channels`);
  }
  return vector;
}

/** Each channel of each sample by itself: groups of one channel. */
const instanceNormalization: Conversion = (node, build) => {
  const input = lastHere(node.activation(0), 0);
  const channels = input.tensor.shape.at(-1)!;
  const weights = [1, 2].map((index) => vectorOf(node, index, channels));
  const epsilon = node.float("epsilon", 1e-5);
  const output = build.call(
    ({ name }) => layers.groupNormalization({ name, epsilon, groups: channels }),
    node,
    input.tensor,
    weights,
  );
  return like(input, output);
};

const layerNormalization: Conversion = (node, build) => {
  const input = node.inOnnxOrder(0);
  const axis = fromFront(node, node.integer("axis", -1), input.axes.length + 1);
  const size = input.tensor.shape.at(-1)!;
  if (axis !== input.axes.length) {
    throw node.error(`attribute axis is ${axis}; only the last one is read`);
  }
  const gamma = vectorOf(node, 1, size);
  const beta = node.input(2) === undefined ? undefined : vectorOf(node, 2, size);
  const epsilon = node.float("epsilon", 1e-5);
  const output = build.call(
    ({ name }) => layers.layerNormalization({ name, epsilon, center: beta !== undefined }),
    node,
    input.tensor,
    [gamma, ...(beta === undefined ? [] : [beta])],
  );
  return activation(output);
};

export const activations: { readonly [op: string]: Conversion } = {
  Relu: byElement(() => "relu", true),
  LeakyRelu: byElement((node) => ({ function: "leakyRelu", alpha: node.float("alpha", 0.01) })),
  PRelu: prelu,
  Sigmoid: byElement(() => "sigmoid", true),
  HardSigmoid: hardSigmoid,
  HardSwish: byElement(() => "hardSilu"),
  Tanh: byElement(() => "tanh"),
  Elu: byElement((node) => ({ function: "elu", alpha: node.float("alpha", 1) })),
  Selu: byElement(fixed("selu", { alpha: 1.6732632, gamma: 1.050701 })),
  Gelu: byElement((node) => (node.text("approximate", "none") === "tanh" ? "geluTanh" : "gelu")),
  Softplus: byElement(() => "softplus", true),
  Softsign: byElement(() => "softsign"),
  Softmax: softmax("softmax"),
  LogSoftmax: softmax("logSoftmax"),
  Dropout: dropout,
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
};
