/**
 * dk[kh,kw,c,f] = sum over n,oh,ow of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] dy[n,oh,ow,f].
 *
 * The sum runs over many positions for few results: it is split over blocks of samples, whose results are added up in a
 * second launch.
 */

import {
  type BoundOp,
  type OpAttributes,
  type PlanValue,
  type Shape,
  sizeOf,
  windowGeometry,
} from "@convoy/core/backend";
import { byStyle } from "../product/byStyle.js";
import { conv2dBackwardFilterRegisters } from "../product/conv2dBackwardFilterRegisters.js";
import { conv2dBackwardFilterTiled } from "../product/conv2dTiled.js";
import { type BlockSum, sumBlocks } from "../wgsl/blockSums.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";
import { type Kernel, scratch } from "./kernel.js";

/** Maximum number of blocks of samples. */
const maxBlocks = 16;

/** Into how many blocks a batch is split: none of them empty. */
function blocksOf(N: number): number {
  const samples = Math.ceil(N / Math.min(maxBlocks, N));
  return Math.ceil(N / samples);
}

/** Workspace in float32 numbers: a kernel gradient a block. */
export function backwardFilterScratch(N: number, kernelShape: Shape): number {
  const blocks = blocksOf(N);
  return blocks > 1 ? blocks * sizeOf(kernelShape) : 0;
}

/**
 * The first launch of a conv2dBackwardFilter, and the sum that is left to do; `gradient` is its second input, which may lie
 * in a workspace, `partial` the workspace for the blocks.
 */
export function backwardFilter(
  label: string,
  part: Pick<BoundOp<PlanValue>, "inputs" | "outputs">,
  attributes: OpAttributes["conv2dBackwardFilter"],
  gradient: PlanValue,
  partial: PlanValue | undefined,
  target: KernelTarget,
): { readonly dispatch: Dispatch; readonly sum?: BlockSum } {
  const input = part.inputs[0]!;
  const output = part.outputs[0]!;
  const { kernelShape } = attributes;
  const window = windowGeometry(input.shape, [kernelShape[0]!, kernelShape[1]!], gradient.shape, attributes);
  const blocks = partial === undefined ? 1 : blocksOf(window.N);
  const spec = { label, input, gradient, output: partial ?? output, window, F: kernelShape[3]!, blocks };
  const dispatch = byStyle(spec, target, conv2dBackwardFilterTiled, conv2dBackwardFilterRegisters);
  return { dispatch, ...(partial ? { sum: { partial, blocks, output } } : {}) };
}

export const conv2dBackwardFilter: Kernel<OpAttributes["conv2dBackwardFilter"]> = {
  workspaceBytes({ inputs: [input], outputs: [kernelGradient] }) {
    return 4 * backwardFilterScratch(input!.shape[0]!, kernelGradient!.shape);
  },
  dispatches(call) {
    const { label, attributes, target } = call;
    const [input, gradient] = call.inputs;
    const length = backwardFilterScratch(input!.shape[0]!, call.outputs[0]!.shape);
    const partial = length > 0 ? scratch(call, "blocks", 0, length) : undefined;
    const { dispatch, sum } = backwardFilter(label, call, attributes, gradient!, partial, target);
    return [dispatch, ...(sum ? [sumBlocks(`${label}, sum of blocks`, [sum])] : [])];
  },
};
