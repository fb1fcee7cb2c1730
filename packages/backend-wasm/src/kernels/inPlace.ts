import {
  attributesOf,
  chainParts,
  type InPlacePair,
  type KernelName,
  normGradientParts,
  type OpInstance,
} from "@convoy/core/backend";
import { suitsWinograd } from "./conv2dWinograd.js";
import { convolutionOf } from "./paddedBand.js";

/**
 * Inputs of ops that their first output may be written over: their kernels read each number of those before they write it, and
 * nothing else of them afterwards. Kernels that read all of an input first, for statistics, do so in an earlier stage or
 * over the rows of a task alone.
 */
const overwritable: { readonly [N in KernelName]?: readonly number[] } = {
  unary: [0],
  unaryBackward: [0, 1],
  affine: [0],
  biasAdd: [0],
  add: [0, 1],
  multiply: [0, 1],
  maximum: [0, 1],
  maximumBackward: [0, 1, 2],
  dropout: [0],
  channelDropout: [0],
  gaussianNoise: [0],
  gaussianDropout: [0],
  softmax: [0],
  softmaxBackward: [0, 1],
  batchNorm: [0],
  batchNormBackwardInput: [0, 1],
  normalize: [0],
  normalizeBackwardInput: [0],
  groupNorm: [0],
  groupNormBackwardInput: [0, 1],
  scaleChannels: [0],
  adjustContrast: [0],
  adjustHsv: [0],
  fillBoxes: [0],
};

/** Which outputs of an op may take the memory of which inputs, by position. */
export function inPlacePairs(op: OpInstance): readonly InPlacePair[] {
  switch (op.op) {
    case "fusedBatchNorm":
      return chainPairs(op, [0]);
    case "fusedBatchNormBackward":
      return normGradientPairs(op);
    case "fusedConv2d":
      return addsInRegisters(op) ? chainPairs(op, []) : [];
    default:
      return pairs(overwritable[op.op as KernelName] ?? [], 0);
  }
}

function pairs(inputs: readonly number[], output: number): InPlacePair[] {
  return inputs.map((input) => ({ input, output }));
}

/** The result of a chain over `inputs`, and over what is added. */
function chainPairs(op: OpInstance, inputs: readonly number[]): InPlacePair[] {
  const { addition, last } = chainParts(op);
  const before = op.parts!.slice(0, op.parts!.indexOf(last));
  const output = before.reduce((count, { outputs }) => count + outputs.length, 0);
  // Where all inputs of the parts are different tensors, what is added is the last of them.
  const different = op.parts!.reduce((count, part) => count + outsideInputs(part, op), 0);
  const addend = addition !== undefined && op.inputs.length === different ? [different - 1] : [];
  return pairs([...inputs, ...addend], output);
}

/** Inputs of a part of a chain that no other part writes. */
function outsideInputs(part: OpInstance, { parts }: OpInstance): number {
  return part.inputs.length - (part === parts![0] ? 0 : 1);
}

/** The gradient g of the normalization's output, and that of its input, over what g is computed from. */
function normGradientPairs(op: OpInstance): InPlacePair[] {
  const { addition, activation, sums, input } = normGradientParts(op);
  const sources = (addition ? 2 : 1) + (activation ? 1 : 0);
  // Behind those: x, mean and variance, and gamma if there is one. Fewer, if some are one tensor.
  if (op.inputs.length !== sources + 3 + (input?.inputs.length === 7 ? 1 : 0)) {
    return [];
  }
  const computed = addition !== undefined || activation !== undefined;
  const outputs = op.parts!.flatMap((part) => part.outputs.map(() => part));
  const gradient = outputs.indexOf(activation ?? addition ?? sums);
  // Where g has no memory of its own it is in that of the input's gradient while x is still read.
  const read = Array.from({ length: computed ? sources : sources + 1 }, (_, position) => position);
  return [...(computed ? pairs(read, gradient) : []), ...(input ? pairs(read, outputs.indexOf(input)) : [])];
}

/** Whether a convolution adds what is added to each output as it is written: other kernels do so to outputs in memory. */
function addsInRegisters(op: OpInstance): boolean {
  const { head, pooling } = chainParts(op);
  const [x, kernel] = head.inputs;
  const shape = convolutionOf(x!.shape, kernel!.shape, head.outputs[0]!.shape, attributesOf("conv2d", head));
  return pooling === undefined && suitsWinograd(shape, pooling);
}
