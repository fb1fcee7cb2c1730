/** dx[n,h,w,c] = sum over f and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,f] k[kh,kw,c,f]. */

import type { OpAttributes, PlanValue } from "@convoy/core/backend";
import { byVariant } from "../product/byStyle.js";
import { conv2dBackwardInputRegisters } from "../product/conv2dBackwardInputRegisters.js";
import type { BackwardInputProblem } from "../product/conv2dSpec.js";
import { conv2dBackwardInputTiled } from "../product/conv2dTiled.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { Kernel, KernelCall } from "../wgsl/kernel.js";
import { windowOf } from "../wgsl/windows.js";

/** The launches of a conv2dBackwardInput; `gradient` is its first input, which may lie in a workspace. */
export function backwardInput(label: string, part: KernelCall, gradient: PlanValue): Dispatch[] {
  const kernel = part.inputs[1]!;
  const output = part.outputs[0]!;
  const attributes = part.attributes as unknown as OpAttributes["conv2dBackwardInput"];
  const window = windowOf(output.shape, [kernel.shape[0]!, kernel.shape[1]!], gradient.shape, attributes);
  const problem: BackwardInputProblem = { label, gradient, kernel, output, window, F: kernel.shape[3]! };
  return [byVariant(problem, part.target, conv2dBackwardInputTiled, conv2dBackwardInputRegisters)];
}

export const conv2dBackwardInput: Kernel<OpAttributes["conv2dBackwardInput"]> = {
  dispatches: (call) => backwardInput(call.label, call as unknown as KernelCall, call.inputs[0]!),
};
