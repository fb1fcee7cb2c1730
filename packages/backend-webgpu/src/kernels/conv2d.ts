/**
 * y[n,oh,ow,f] = sum over kh,kw,c of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] k[kh,kw,c,f].
 *
 * `fusedConv2d` adds bias, 2x2 max-pooling and activation before the result leaves the registers: of the four numbers of a
 * window only one, and its position, is written.
 */

import type { Attributes, OpAttributes, OpInstance, PlanValue } from "@convoy/core/backend";
import { byVariant } from "../product/byStyle.js";
import { conv2dRegisters } from "../product/conv2dRegisters.js";
import type { Conv2dProblem } from "../product/conv2dSpec.js";
import { conv2dTiled } from "../product/conv2dTiled.js";
import { epilogueOf } from "../product/epilogue.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { Kernel, KernelCall, KernelTarget } from "../wgsl/kernel.js";
import { isUnpadded, windowOf } from "../wgsl/windows.js";

function convolution(problem: Conv2dProblem, target: KernelTarget): Dispatch[] {
  return [byVariant(problem, target, conv2dTiled, conv2dRegisters)];
}

function problemOf(part: KernelCall, label: string): Conv2dProblem {
  const [input, kernel] = part.inputs as [PlanValue, PlanValue];
  const [output] = part.outputs as [PlanValue];
  const attributes = part.attributes as unknown as OpAttributes["conv2d"];
  const window = windowOf(input.shape, [kernel.shape[0]!, kernel.shape[1]!], output.shape, attributes);
  return { label, input, kernel, output, window, F: kernel.shape[3]!, epilogue: {} };
}

export const conv2d: Kernel<OpAttributes["conv2d"]> = {
  dispatches: (call) => convolution(problemOf(call as unknown as KernelCall, call.label), call.target),
};

/** conv2d [biasAdd] [maxPool2d] [unary]; with pooling the windows are 2x2 and side by side. */
export const fusedConv2d: Kernel<Attributes> = {
  supports({ parts }) {
    const pooling = parts!.find(({ op }) => op === "maxPool2d");
    return (
      pooling === undefined || isSimplePooling(pooling) || "pooling windows that are not 2x2, side by side, unpadded"
    );
  },
  dispatches({ label, parts, target }) {
    const problem = problemOf(parts[0]!, label);
    const pool = parts.find(({ op }) => op === "maxPool2d");
    const epilogue = epilogueOf(parts);
    const output = parts.at(-1)!.outputs[0]!;
    if (pool === undefined) {
      return convolution({ ...problem, output, epilogue }, target);
    }
    const [, PH, PW] = pool.outputs[0]!.shape as [number, number, number];
    const argmax = pool.outputs[1]!;
    const pooling = { ...(argmax.buffer ? { argmax } : {}), PH, PW };
    return convolution({ ...problem, output, epilogue, pooling }, target);
  },
};

/** Whether a max-pooling has 2x2 windows side by side: what convolutions compute on the way. */
export function isSimplePooling({ attributes }: Pick<OpInstance, "attributes">): boolean {
  const { poolSize, strides, dilation, ...rest } = attributes as unknown as OpAttributes["maxPool2d"];
  const allEqual = (pair: readonly [number, number], value: number): boolean => pair[0] === value && pair[1] === value;
  return (
    allEqual(poolSize, 2) && allEqual(strides, 2) && allEqual(dilation, 1) && isUnpadded({ strides, dilation, ...rest })
  );
}
