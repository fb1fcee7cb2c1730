import {
  attributesOf,
  chainParts,
  type OpInstance,
  type Shape,
  sizeOf,
  type WindowGeometry,
  windowGeometry,
} from "@convoy/core/backend";
import { outputActivation } from "./activation.js";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { constants } from "./arguments/structs.js";
import { type ChannelTiles, channelTiles, tileBlocks } from "./channels.js";
import { type Launch, launch } from "./launch.js";
import { outputNormalization } from "./normalize.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel, Target } from "./opKernel.js";
import { activationFits } from "./product/forward.js";

const { stripLength } = constants;

/** Strips that are worth a line's time when the kernel's gradient is summed. */
const minStripsPerLine = 4;

interface DepthwiseSizes extends WindowGeometry {
  /** Outputs of each channel. */
  readonly M: number;
}

/** Of input [N,H,W,C], kernel [KH,KW,C,M] and output [N,OH,OW,C*M]. */
function depthwiseSizes(
  input: Shape,
  kernel: Shape,
  output: Shape,
  attributes: Parameters<typeof windowGeometry>[3],
): DepthwiseSizes {
  const [KH, KW, , M] = kernel as [number, number, number, number];
  return { ...windowGeometry(input, [KH, KW], output, attributes), M };
}

/** The kernel's arguments, with strips along rows of `width` pixels, `height` rows an image. */
function depthwiseShape(sizes: DepthwiseSizes, height: number, width: number): StructValues<"DepthwiseShape"> {
  const { N, C, M, strideH, strideW } = sizes;
  const strips = Math.ceil(width / stripLength);
  return {
    ...sizes,
    F: C * M,
    byM: divisorOf(M),
    byStrideH: divisorOf(strideH),
    byStrideW: divisorOf(strideW),
    byStrips: divisorOf(strips),
    byRows: divisorOf(height),
    strips: N * height * strips,
  };
}

/** Name of the kernel that is built for this size and stride; undefined where the general one runs. */
function builtFor({ KH, KW, strideH, strideW, dilationH, dilationW }: WindowGeometry): string | undefined {
  const square = KH === KW && (KH === 3 || KH === 5) && strideH === strideW && strideH <= 2;
  return square && dilationH === 1 && dilationW === 1 ? `${KH}x${KW}Stride${strideH}` : undefined;
}

function depthwiseLaunch(
  sizes: DepthwiseSizes,
  tensors: { readonly x: DeviceTensor; readonly k: DeviceTensor; readonly y: DeviceTensor; readonly turned: 0 | 1 },
  { multiprocessors }: LaunchContext,
  to: StructValues<"DepthwiseOutput"> = asItIs,
): Launch {
  const shape = depthwiseShape(sizes, sizes.OH, sizes.OW);
  const tiles = channelTiles(shape.F);
  const grid = [tileBlocks(shape.strips, tiles, multiprocessors), tiles.count] as const;
  const variant = builtFor(sizes);
  const values = { ...tensors, shape, tile: tiles.tile, to };
  return variant
    ? launch("DEPTHWISE", grid, values, `depthwiseConv2d${variant}`)
    : launch("depthwiseConv2d", grid, values);
}

/** Behind a convolution of which nothing but the sums is wanted. */
const asItIs: StructValues<"DepthwiseOutput"> = {
  bias: undefined,
  normalization: outputNormalization(undefined),
  activation: outputActivation(undefined),
};

/** depthwiseConv2d or fusedDepthwiseConv2d. */
function depthwiseForward(op: DeviceOp, context: LaunchContext): Launch {
  const { head, bias, normalization, activation, last } = chainParts<DeviceOp>(op);
  const [x, k] = head.inputs as [DeviceTensor, DeviceTensor];
  const y = last.outputs[0]!;
  const sizes = depthwiseSizes(x.shape, k.shape, y.shape, attributesOf("depthwiseConv2d", head));
  return depthwiseLaunch(sizes, { x, k, y, turned: 0 }, context, {
    bias: bias?.inputs[1],
    normalization: outputNormalization(normalization),
    activation: outputActivation(activation && attributesOf("unary", activation)),
  });
}

export const depthwiseConv2d: OpKernel = {
  launches: (op, context) => [depthwiseForward(op, context)],
};

export const fusedDepthwiseConv2d: OpKernel = {
  supports: activationFits,
  launches: (op, context) => [depthwiseForward(op, context)],
};

export const depthwiseConv2dBackwardInput: OpKernel = {
  launches(op, context) {
    const attributes = attributesOf("depthwiseConv2dBackwardInput", op);
    const [dy, k] = op.inputs as [DeviceTensor, DeviceTensor];
    const dx = op.outputs[0]!;
    const sizes = depthwiseSizes(dx.shape, k.shape, dy.shape, attributes);
    if (sizes.strideH === 1 && sizes.strideW === 1 && sizes.M === 1) {
      return [depthwiseLaunch(turnedSizes(sizes), { x: dy, k, y: dx, turned: 1 }, context)];
    }
    const shape = depthwiseShape(sizes, sizes.H, sizes.W);
    const tiles = channelTiles(sizes.C);
    const grid = [tileBlocks(shape.strips, tiles, context.multiprocessors), tiles.count] as const;
    return [launch("depthwiseConv2dBackwardInput", grid, { dy, k, dx, shape, tile: tiles.tile })];
  },
};

/** The convolution from the output back to the input, with the kernel turned round; of stride 1. */
function turnedSizes(sizes: DepthwiseSizes): DepthwiseSizes {
  const { H, W, KH, KW, OH, OW, top, left, dilationH, dilationW } = sizes;
  return {
    ...sizes,
    H: OH,
    W: OW,
    OH: H,
    OW: W,
    top: (KH - 1) * dilationH - top,
    left: (KW - 1) * dilationW - left,
  };
}

interface FilterGeometry {
  readonly sizes: DepthwiseSizes;
  readonly shape: StructValues<"DepthwiseShape">;
  readonly tiles: ChannelTiles;
  /** Blocks along the strips, each with a sum of its own. */
  readonly blocks: number;
}

function filterGeometry(op: OpInstance, { multiprocessors }: Target): FilterGeometry {
  const attributes = attributesOf("depthwiseConv2dBackwardFilter", op);
  const [input, outputGradient] = op.inputs as [DeviceTensor, DeviceTensor];
  const sizes = depthwiseSizes(input.shape, attributes.kernelShape, outputGradient.shape, attributes);
  const shape = depthwiseShape(sizes, sizes.OH, sizes.OW);
  const tiles = channelTiles(shape.F);
  const worthwhile = Math.ceil(shape.strips / (tiles.tile.lines * minStripsPerLine));
  const blocks = Math.max(1, Math.min(worthwhile, Math.ceil((2 * multiprocessors) / tiles.count)));
  return { sizes, shape, tiles, blocks };
}

export const depthwiseConv2dBackwardFilter: OpKernel = {
  workspaceBytes(op, target) {
    const { blocks } = filterGeometry(op, target);
    return blocks > 1 ? blocks * sizeOf(op.outputs[0]!.shape) * 4 : 0;
  },
  launches(op, context) {
    const { sizes, shape, tiles, blocks } = filterGeometry(op, context);
    const [x, dy] = op.inputs as [DeviceTensor, DeviceTensor];
    const dk = op.outputs[0]!;
    const variant = builtFor(sizes);
    const values = { x, dy, to: blocks > 1 ? op.workspace : dk, shape, tile: tiles.tile };
    const taps = sizes.KH * sizes.KW;
    const sums = variant
      ? launch("DEPTHWISE_FILTER", [blocks, tiles.count], values, `depthwiseFilterGradient${variant}`)
      : launch("depthwiseFilterGradient", [blocks, tiles.count * taps], values);
    if (blocks === 1) {
      return [sums];
    }
    const all = channelTiles(sizeOf(dk.shape));
    const totals = { partial: op.workspace, total: dk, tile: all.tile, parts: blocks };
    return [sums, launch("partialSums", [all.count, 1], totals)];
  },
};
