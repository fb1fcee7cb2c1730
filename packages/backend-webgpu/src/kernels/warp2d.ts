/**
 * Images resampled by an affine transform each: y[n,oh,ow] = the pixel of x at (t0 ow + t1 oh + t2, t3 ow + t4 oh + t5) / 2^F,
 * t = transforms[n], or the mean of the four around it. input [N,H,W,C], transforms [N,6] int32 -> [N,OH,OW,C].
 *
 * Cost: each tensor once, 9 FLOP a number between pixels and about 30 whole-number operations a pixel to find it. An invocation
 * writes a pixel of up to four vectors along the channels, else one of its vectors.
 */

import type { OpAttributes } from "@convoy/core/backend";
import { floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import { warpText } from "../wgsl/warping.js";
import type { Kernel } from "./kernel.js";

export const warp2d: Kernel<OpAttributes["warp2d"]> = {
  dispatches({ label, attributes, inputs: [input, transforms], outputs: [output] }) {
    const [, H, W, C] = input!.shape as [number, number, number, number];
    const width = vectorWidth(C);
    const { count, declarations, body } = warpText({
      attributes,
      input: input!,
      output: output!,
      width,
      pixel: (at) => `x[n * ${(H * W * C) / width}u + ${at}]`,
      result: (value) => value,
    });
    const type = floats(width);
    const tensors = { x: reads(input!, type), transforms: reads(transforms!), y: writes(output!, type) };
    return [invocations(count, body, { label, tensors, declarations })];
  },
};
