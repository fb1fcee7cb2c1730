/** dx[n,h,w,c] = sum over f and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,f] k[kh,kw,c,f]. */

import { type BoundOp, type OpAttributes, type PlanValue, windowGeometry } from "@convoy/core/backend";
import { byStyle } from "../product/byStyle.js";
import { conv2dBackwardInputRegisters } from "../product/conv2dBackwardInputRegisters.js";
import type { BackwardInputSpec } from "../product/conv2dSpec.js";
import { conv2dBackwardInputTiled } from "../product/conv2dTiled.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { SideWork } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { Kernel } from "./kernel.js";

/**
 * The launches of a conv2dBackwardInput; `gradient` is its first input, which may lie in a workspace, and `beside` what the launch
 * takes along.
 */
export function backwardInput(
  label: string,
  part: Pick<BoundOp<PlanValue>, "inputs" | "outputs">,
  attributes: OpAttributes["conv2dBackwardInput"],
  gradient: PlanValue,
  target: KernelTarget,
  beside?: SideWork,
): Dispatch[] {
  const kernel = part.inputs[1]!;
  const output = part.outputs[0]!;
  const window = windowGeometry(output.shape, [kernel.shape[0]!, kernel.shape[1]!], gradient.shape, attributes);
  const spec: BackwardInputSpec = {
    label,
    gradient,
    kernel,
    output,
    window,
    F: kernel.shape[3]!,
    ...(beside ? { beside } : {}),
  };
  return [byStyle(spec, target, conv2dBackwardInputTiled, conv2dBackwardInputRegisters)];
}

export const conv2dBackwardInput: Kernel<OpAttributes["conv2dBackwardInput"]> = {
  dispatches: (call) => backwardInput(call.label, call, call.attributes, call.inputs[0]!, call.target),
};
