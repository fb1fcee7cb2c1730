/**
 * y[n,oh,ow,f] = sum over kh,kw,c of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] k[kh,kw,c,f].
 *
 * `fusedConv2d` adds bias, normalization with given statistics, another tensor, 2x2 max-pooling and activation before the result
 * leaves the registers: nothing between is written or read again, and of the four numbers of a window only one, and its position, is
 * written.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  chainParts,
  isPooling2x2,
  type OpAttributes,
  type OpInstance,
  type PlanValue,
  takesParts,
  windowGeometry,
} from "@convoy/core/backend";
import { byStyle } from "../product/byStyle.js";
import { conv2dRegisters } from "../product/conv2dRegisters.js";
import type { Conv2dSpec } from "../product/conv2dSpec.js";
import { conv2dTiled } from "../product/conv2dTiled.js";
import { epilogueOf } from "../product/epilogue.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { Kernel } from "./kernel.js";

/** The launch of a convolution, with whatever the spec fuses. */
export function convolution(spec: Conv2dSpec, target: KernelTarget): Dispatch[] {
  return [byStyle(spec, target, conv2dTiled, conv2dRegisters)];
}

/** A conv2d, or the one that heads a chain, by itself. */
export function specOf(
  part: Pick<BoundOp<PlanValue>, "inputs" | "outputs">,
  attributes: OpAttributes["conv2d"],
  label: string,
): Conv2dSpec {
  const [input, kernel] = part.inputs as [PlanValue, PlanValue];
  const [output] = part.outputs as [PlanValue];
  const window = windowGeometry(input.shape, [kernel.shape[0]!, kernel.shape[1]!], output.shape, attributes);
  return { label, input, kernel, output, window, F: kernel.shape[3]!, epilogue: {} };
}

export const conv2d: Kernel<OpAttributes["conv2d"]> = {
  dispatches: (call) => convolution(specOf(call, call.attributes, call.label), call.target),
};

/**
 * conv2d [biasAdd] [normalize] [add] [maxPool2d] [unary]; with pooling the windows are 2x2 and side by side. All in one launch,
 * so a device must bind all their tensors at once: with everything there is these are ten, and WebGPU promises eight.
 */
export const fusedConv2d: Kernel<Attributes> = {
  supports(op, { maxBindings }) {
    const known = takesParts(op, ["conv2d", "biasAdd", "normalize", "add", "maxPool2d", "unary"]);
    if (known !== true) {
      return known;
    }
    const { pooling, last } = chainParts(op);
    // All inputs, the output, and the positions of a pooling.
    const tensors = op.inputs.length + (pooling ? 2 : 1);
    return tensors > maxBindings
      ? `${op.op} up to ${last.op} binds ${tensors} tensors, this device ${maxBindings} (maxStorageBuffersPerShaderStage)`
      : poolsSideBySide(pooling);
  },
  dispatches(call) {
    const { head, pooling, last } = chainParts<BoundOp<PlanValue>>(call);
    const { label, target } = call;
    const spec = {
      ...specOf(head, attributesOf("conv2d", head), label),
      output: last.outputs[0]!,
      epilogue: epilogueOf(call),
    };
    if (pooling === undefined) {
      return convolution(spec, target);
    }
    const [pooled, argmax] = pooling.outputs as [PlanValue, PlanValue];
    const [, PH, PW] = pooled.shape as [number, number, number];
    return convolution({ ...spec, pooling: { ...(argmax.buffer ? { argmax } : {}), PH, PW } }, target);
  },
};

/** What `supports` says to a pooling that is fused with a convolution. */
export function poolsSideBySide(pooling: OpInstance | undefined): true | string {
  return (
    pooling === undefined ||
    isPooling2x2(attributesOf("maxPool2d", pooling)) ||
    "pooling windows that are not 2x2, side by side, unpadded"
  );
}
