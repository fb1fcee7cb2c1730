import { matMulSizes, type OpAttributes, type OpInstance, sizeOf } from "@convoy/core/backend";
import { packOutputActivation, runsApart } from "./activation.js";
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
  overlap,
  partOf,
  suffixOf,
} from "./op.js";
import { packSources } from "./rows.js";
import { tileFor, tileGrid } from "./tiles.js";

/** What a forward convolution works on. */
interface Forward {
  readonly shape: ConvolutionShape;
  readonly input: BoundTensor;
  readonly kernel: BoundTensor;
  readonly bias?: BoundTensor | undefined;
  readonly unary?: OpAttributes["unary"] | undefined;
  readonly output: BoundTensor;
  readonly argmax?: BoundTensor | undefined;
}

/** conv2d, alone. */
export const conv2d: OpKernel = {
  launches: (op, context) => [forwardLaunch(convolutionOf(op), context)],
};

/** conv2d, biasAdd, 2x2 maxPool2d and an activation, all but the first optional. */
export const fusedConv2d: OpKernel = {
  supports(op) {
    const pool = partOf(op, "maxPool2d");
    return (pool ? poolingFits(attributesOf("maxPool2d", pool), pool.outputs[0]!.shape) : true) === true
      ? activationFits(op)
      : poolingFits(attributesOf("maxPool2d", pool!), pool!.outputs[0]!.shape);
  },
  launches: (op, context) => [forwardLaunch(convolutionOf(op), context)],
};

/** matMul, biasAdd and an activation, as a convolution of single pixels. */
export const fusedDense: OpKernel = {
  supports(op) {
    const { transposeA, transposeB } = attributesOf("matMul", partOf(op, "matMul")!);
    return transposeA || transposeB ? "the fused dense kernel takes no transposed operands" : activationFits(op);
  },
  launches: (op, context) => [forwardLaunch(denseOf(op), context)],
};

/**
 * A convolution or dense layer that gathers its input: `gathers`, which it follows, run in its launch. Undefined where none
 * of them gives its input row by row, or where a batch is also something else that it reads or writes.
 */
export function gatheringLaunch(op: BoundOp, gathers: readonly BoundOp[], context: LaunchContext): Launch | undefined {
  const isForward = op.op === "conv2d" || op.op === "fusedConv2d" || op.op === "fusedDense";
  const forward = isForward ? (op.op === "fusedDense" ? denseOf(op) : convolutionOf(op)) : undefined;
  const own = forward && gathers.find(({ outputs }) => sameRows(forward.input, outputs[0]!));
  if (forward === undefined || own === undefined || sizeOf(own.inputs[0]!.shape) > mostPatchSource) {
    return undefined;
  }
  const others = [forward.kernel, ...(forward.bias ? [forward.bias] : []), ...op.outputs];
  const clashes = gathers.some(
    ({ inputs, outputs }) =>
      others.some((other) => overlap(other, outputs[0]!)) ||
      op.outputs.some((output) => inputs.some((input) => overlap(input, output))),
  );
  const sources = [own, ...gathers.filter((gather) => gather !== own)];
  return clashes ? undefined : forwardLaunch(forward, context, sources);
}

/**
 * Whether row n of one tensor is row n of the other, as it is after a reshape within rows. One across rows leaves the address
 * as it is, too: a dense layer over the last axis of [N,H,C] reads the batch as [N*H,C].
 */
function sameRows(a: BoundTensor, b: BoundTensor): boolean {
  return (
    a.address === b.address && a.dtype === b.dtype && a.shape[0] === b.shape[0] && sizeOf(a.shape) === sizeOf(b.shape)
  );
}

/** Elements of a data set that patches can be read from: their indices are 32-bit, in its padding as well. */
const mostPatchSource = 2 ** 30;

/** Inputs of a fused dense layer. */
export function denseTensors(op: BoundOp): Pick<Forward, "input" | "kernel" | "bias"> {
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

function convolutionOf(op: BoundOp): Forward {
  const convolution = partOf<BoundOp>(op, "conv2d") ?? op;
  const pool = partOf<BoundOp>(op, "maxPool2d");
  const [input, kernel] = convolution.inputs as [BoundTensor, BoundTensor];
  const attributes = attributesOf("conv2d", convolution);
  const outputShape = convolution.outputs[0]!.shape;
  return {
    shape: convolutionShape(input.shape, kernel.shape, outputShape, attributes, pool !== undefined),
    input,
    kernel,
    bias: partOf<BoundOp>(op, "biasAdd")?.inputs[1],
    unary: unaryOf(op),
    output: lastOutput(op),
    argmax: pool?.outputs[1],
  };
}

function denseOf(op: BoundOp): Forward {
  const tensors = denseTensors(op);
  const [N, C] = tensors.input.shape as [number, number];
  const shape = denseShape(N, C, tensors.kernel.shape[1]!);
  return { shape, ...tensors, unary: unaryOf(op), output: lastOutput(op) };
}

/** First output of an op or of the last of its parts. */
function lastOutput(op: BoundOp): BoundTensor {
  return (op.parts?.[op.parts.length - 1] ?? op).outputs[0]!;
}

function unaryOf(op: OpInstance): OpAttributes["unary"] | undefined {
  const unary = partOf(op, "unary");
  return unary && attributesOf("unary", unary);
}

function activationFits(op: OpInstance): true | string {
  const attributes = unaryOf(op);
  return !attributes || !runsApart(attributes) || `the fused kernels have no ${attributes.function}`;
}

/** With `gathers` the launch runs these as well; the first gives the input. */
function forwardLaunch(
  { shape, input, kernel, bias, unary, output, argmax }: Forward,
  context: LaunchContext,
  gathers?: readonly BoundOp[],
): Launch {
  const rows = positionsOf(shape);
  const tile = tileFor(rows, shape.F, context.multiprocessors);
  return {
    kernel: `${gathers ? "gatherConv2d" : "conv2d"}${shape.pooled ? "Pooled" : ""}${tile}${suffixOf(context)}`,
    grid: tileGrid(tile, rows, shape.F),
    arguments: new Arguments()
      .struct((to) => (gathers ? packSources(to, gathers, context) : to.pointer(input.address)))
      .pointer(kernel.address)
      .pointer(output.address)
      .pointer(argmax?.address ?? 0)
      .pointer(bias?.address ?? 0)
      .struct((to) => packConvolutionShape(to, shape))
      .struct((to) => packOutputActivation(to, unary)),
  };
}
