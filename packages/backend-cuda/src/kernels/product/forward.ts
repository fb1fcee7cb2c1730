import {
  addend,
  attributesOf,
  chainParts,
  type OpAttributes,
  type OpInstance,
  type TensorSpec,
} from "@convoy/core/backend";
import { outputActivation, runsApart } from "../activation.js";
import type { StructValues } from "../arguments/pack.js";
import { channelTiles } from "../channels.js";
import { type Launch, launch } from "../launch.js";
import { outputNormalization } from "../normalize.js";
import type { DeviceOp, DeviceTensor, LaunchContext } from "../opKernel.js";
import { gatherSources } from "../rows.js";
import {
  type ConvolutionSizes,
  convolutionShape,
  convolutionSizes,
  denseSizes,
  positionsOf,
} from "./convolutionShape.js";
import { suffixOf, tileFor, tileGrid } from "./tiles.js";

/** What a forward convolution works on. */
export interface Forward {
  readonly sizes: ConvolutionSizes;
  readonly input: DeviceTensor;
  readonly kernel: DeviceTensor;
  readonly bias?: DeviceTensor | undefined;
  /** normalize, with given statistics. */
  readonly normalization?: DeviceOp | undefined;
  readonly addend?: DeviceTensor | undefined;
  readonly unary?: OpAttributes["unary"] | undefined;
  readonly output: DeviceTensor;
  readonly argmax?: DeviceTensor | undefined;
  /** Where the moments of the output's channels go. */
  readonly moments?: StructValues<"TileMoments"> | undefined;
}

/** conv2d or fusedConv2d. */
export function convolutionForward(op: DeviceOp): Forward {
  const { head, bias, normalization, addition, pooling, activation, last } = chainParts<DeviceOp>(op);
  const [input, kernel] = head.inputs as [DeviceTensor, DeviceTensor];
  return {
    sizes: headSizes(head, pooling !== undefined),
    input,
    kernel,
    bias: bias?.inputs[1],
    normalization,
    addend: addition && addend(op, addition),
    unary: activation && attributesOf("unary", activation),
    output: last.outputs[0]!,
    argmax: pooling?.outputs[1],
  };
}

/** Of a conv2d. */
export function headSizes(head: OpInstance, pooled: boolean): ConvolutionSizes {
  const [input, kernel] = head.inputs as [TensorSpec, TensorSpec];
  return convolutionSizes(input.shape, kernel.shape, head.outputs[0]!.shape, attributesOf("conv2d", head), pooled);
}

/** fusedDense, as a convolution of single pixels. */
export function denseForward(op: DeviceOp): Forward {
  const { head, bias, activation, last } = chainParts<DeviceOp>(op);
  const [input, kernel] = head.inputs as [DeviceTensor, DeviceTensor];
  const [N, C] = input.shape as [number, number];
  return {
    sizes: denseSizes(N, C, kernel.shape[1]!),
    input,
    kernel,
    bias: bias?.inputs[1],
    unary: activation && attributesOf("unary", activation),
    output: last.outputs[0]!,
  };
}

/** The reason to refuse a chain with any other pooling than 2x2 windows side by side. */
export const only2x2Pooling = "the fused convolution kernels pool 2x2 with stride 2 and without padding only";

/** True, or the reason why a chain's activation is not available inside the kernels. */
export function activationFits(op: OpInstance): true | string {
  const { activation } = chainParts<OpInstance>(op);
  const unary = activation && attributesOf("unary", activation);
  return !unary || !runsApart(unary) || `the fused kernels have no ${unary.function}`;
}

const noMoments: StructValues<"TileMoments"> = {
  ofTiles: undefined,
  ofParts: undefined,
  counters: undefined,
  tile: channelTiles(1).tile,
  tilesPerPart: 0,
};

/** With `gathers` the launch runs these as well; the first gives the input. */
export function forwardLaunch(forward: Forward, context: LaunchContext, gathers?: readonly DeviceOp[]): Launch {
  const { sizes, input, kernel: k, bias, unary, output, argmax } = forward;
  const normalization = outputNormalization(forward.normalization);
  const moments = forward.moments ?? noMoments;
  const rows = positionsOf(sizes);
  const tile = tileFor(rows, sizes.F, context.multiprocessors);
  const grid = tileGrid(tile, rows, sizes.F);
  const variant = `${sizes.pooled ? "Pooled" : ""}${tile}${suffixOf(context)}`;
  const values = {
    k,
    to: { y: output, argmax, bias, normalization, addend: forward.addend, moments },
    shape: convolutionShape(sizes),
    activation: outputActivation(unary),
  };
  return gathers
    ? launch(
        "GATHERING_CONVOLUTION",
        grid,
        { from: gatherSources(gathers, context), ...values },
        `gatherConv2d${variant}`,
      )
    : launch("CONVOLUTION", grid, { x: input, ...values }, `conv2d${variant}`);
}
