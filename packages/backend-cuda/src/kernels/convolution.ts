import { matMulSizes, type OpAttributes, type OpInstance } from "@convoy/core/backend";
import { linesOf, packLines } from "./activation.js";
import { Arguments } from "./arguments.js";
import {
  type ConvolutionShape,
  convolutionShape,
  denseShape,
  packConvolutionShape,
  positionsOf,
} from "./convolutionShape.js";
import type { Launch } from "./launch.js";
import {
  attributesOf,
  type BoundOp,
  type BoundTensor,
  type LaunchContext,
  type OpKernel,
  partOf,
  suffixOf,
} from "./op.js";
import { tileFor, tileGrid } from "./tiles.js";

/** What a forward convolution works on. */
interface ForwardTensors {
  readonly input: BoundTensor;
  readonly kernel: BoundTensor;
  readonly bias?: BoundTensor | undefined;
  readonly output: BoundTensor;
  readonly argmax?: BoundTensor | undefined;
}

type UnaryAttributes = OpAttributes["unary"];

/** conv2d, alone. */
export const conv2d: OpKernel = {
  launches(op, context) {
    const [input, kernel] = op.inputs as [BoundTensor, BoundTensor];
    const output = op.outputs[0]!;
    const shape = convolutionShape(input.shape, kernel.shape, output.shape, attributesOf("conv2d", op), false);
    return [forwardLaunch(shape, { input, kernel, output }, undefined, context)];
  },
};

/** conv2d, biasAdd, 2x2 maxPool2d and an activation of straight lines, all but the first optional. */
export const fusedConv2d: OpKernel = {
  supports(op) {
    const pool = partOf(op, "maxPool2d");
    return (pool ? poolingFits(attributesOf("maxPool2d", pool), pool.outputs[0]!.shape) : true) === true
      ? activationFits(op)
      : poolingFits(attributesOf("maxPool2d", pool!), pool!.outputs[0]!.shape);
  },
  launches(op, context) {
    const convolution = partOf<BoundOp>(op, "conv2d")!;
    const pool = partOf<BoundOp>(op, "maxPool2d");
    const [input, kernel] = convolution.inputs as [BoundTensor, BoundTensor];
    const attributes = attributesOf("conv2d", convolution);
    const shape = convolutionShape(
      input.shape,
      kernel.shape,
      convolution.outputs[0]!.shape,
      attributes,
      pool !== undefined,
    );
    const output = op.parts![op.parts!.length - 1]!.outputs[0]!;
    const tensors = {
      input,
      kernel,
      bias: partOf<BoundOp>(op, "biasAdd")?.inputs[1],
      output,
      argmax: pool?.outputs[1],
    };
    return [forwardLaunch(shape, tensors, unaryOf(op), context)];
  },
};

/** matMul, biasAdd and an activation of straight lines, as a convolution of single pixels. */
export const fusedDense: OpKernel = {
  supports(op) {
    const { transposeA, transposeB } = attributesOf("matMul", partOf(op, "matMul")!);
    return transposeA || transposeB ? "the fused dense kernel takes no transposed operands" : activationFits(op);
  },
  launches(op, context) {
    const { input, kernel, bias } = denseTensors(op);
    const [N, C] = input.shape as [number, number];
    const output = op.parts![op.parts!.length - 1]!.outputs[0]!;
    return [forwardLaunch(denseShape(N, C, kernel.shape[1]!), { input, kernel, bias, output }, unaryOf(op), context)];
  },
};

/** Inputs of a fused dense layer. */
export function denseTensors(op: BoundOp): Pick<ForwardTensors, "input" | "kernel" | "bias"> {
  const [input, kernel] = partOf<BoundOp>(op, "matMul")!.inputs as [BoundTensor, BoundTensor];
  return { input, kernel, bias: partOf<BoundOp>(op, "biasAdd")?.inputs[1] };
}

/** A product of matrices; either may be stored transposed. */
export const matMul: OpKernel = {
  launches(op, context) {
    const [a, b] = op.inputs as [BoundTensor, BoundTensor];
    const attributes = attributesOf("matMul", op);
    const { M, N, K } = matMulSizes(a, b, attributes);
    const stored = `${attributes.transposeA ? "T" : "N"}${attributes.transposeB ? "T" : "N"}`;
    return [
      {
        kernel: `matMul${stored}${suffixOf(context)}`,
        grid: tileGrid("Small", M, N),
        arguments: new Arguments().pointer(a.address).pointer(b.address).pointer(op.outputs[0]!.address).int(M, N, K),
      },
    ];
  },
};

/** True where a pooling is the one that runs inside convolutions: 2x2 windows side by side, without padding. */
export function poolingFits(attributes: OpAttributes["maxPool2d"], pooled: readonly number[]): true | string {
  const { poolSize, strides, padding, dilation } = attributes;
  const fits =
    [...poolSize, ...strides].every((size) => size === 2) &&
    padding.every((size) => size === 0) &&
    dilation.every((size) => size === 1) &&
    pooled.every((size) => size > 0);
  return fits || "the fused convolution kernels pool 2x2 with stride 2 and without padding only";
}

function unaryOf(op: OpInstance): UnaryAttributes | undefined {
  const unary = partOf(op, "unary");
  return unary && attributesOf("unary", unary);
}

function activationFits(op: OpInstance): true | string {
  const attributes = unaryOf(op);
  return (
    linesOf(attributes) !== undefined || `the fused kernels have relu, relu6 and leakyRelu, not ${attributes!.function}`
  );
}

function forwardLaunch(
  shape: ConvolutionShape,
  { input, kernel, bias, output, argmax }: ForwardTensors,
  unary: UnaryAttributes | undefined,
  context: LaunchContext,
): Launch {
  const rows = positionsOf(shape);
  const tile = tileFor(rows, shape.F, context.multiprocessors);
  return {
    kernel: `conv2d${shape.pooled ? "Pooled" : ""}${tile}${suffixOf(context)}`,
    grid: tileGrid(tile, rows, shape.F),
    arguments: new Arguments()
      .pointer(input.address)
      .pointer(kernel.address)
      .pointer(output.address)
      .pointer(argmax?.address ?? 0)
      .pointer(bias?.address ?? 0)
      .struct((to) => packConvolutionShape(to, shape))
      .struct((to) => packLines(to, unary)),
  };
}
