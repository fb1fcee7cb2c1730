import { expectRank, expectRankBetween, expectSameShape, lastAxis } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { notDifferentiable } from "./notDifferentiable.js";

/** Bounds of the values of pixels. */
export interface ValueRangeAttributes {
  readonly low: number;
  readonly high: number;
}

/** y[n,...,c] = min(max(f[n,c] x[n,...,c] + f[n,C + c], low), high), f the factors: brightness, inversion, channel shifts */
export const scaleChannels: OpDefinition<ValueRangeAttributes> = {
  summary: "scales and shifts each sample's channels within bounds: input [N,...,C], factors [N,2C] -> [N,...,C]",
  inputs: ["input", "factors"],
  outputs: ["output"],
  inferOutputs([input, factors]) {
    expectRankBetween("scaleChannels: input", input!, 2, 4);
    expectSameShape("scaleChannels: factors", factors!.shape, [input!.shape[0]!, 2 * lastAxis(input!.shape)]);
    return [float32(input!.shape)];
  },
  gradient: notDifferentiable,
  flops: ([input]) => 4 * sizeOf(input!.shape),
};

/** y[n,h,w,c] = min(max((x[n,h,w,c] - m[n,c]) f[n] + m[n,c], low), high), m the means [N,1,1,C] over each sample's channels */
export const adjustContrast: OpDefinition<ValueRangeAttributes> = {
  summary: "stretches samples around their means: input [N,H,W,C], means [N,1,1,C], factors [N] -> [N,H,W,C]",
  inputs: ["input", "means", "factors"],
  outputs: ["output"],
  inferOutputs([input, means, factors]) {
    expectRank("adjustContrast: input", input!, 4);
    const batch = input!.shape[0]!;
    expectSameShape("adjustContrast: means", means!.shape, [batch, 1, 1, lastAxis(input!.shape)]);
    expectSameShape("adjustContrast: factors", factors!.shape, [batch]);
    return [float32(input!.shape)];
  },
  gradient: notDifferentiable,
  flops: ([input]) => 5 * sizeOf(input!.shape),
};

/**
 * Turns the hue of RGB pixels by f[n,0] turns, from -1 to 1, and multiplies their saturation by f[n,1], at least 0:
 *
 * (r, g, b) = (x - low) / (high - low); v = max(r, g, b), d = v - min(r, g, b), s = d / v or 0 where v = 0; hue in sixths of a turn:
 * h = 0 where d = 0, else (g - b) / d where v = r, else (b - r) / d + 2 where v = g, else (r - g) / d + 4.
 * Then h' = h + 6 f[n,0], s' = min(max(s f[n,1], 0), 1), and each of r, g, b with k = (5, 3, 1) becomes
 * v - v s' max(0, min(t, 4 - t, 1)) with t = (k + h') mod 6, from 0 to 6; y = low + (high - low) min(max(that, 0), 1).
 *
 * The formulas of the HSV model (Smith, "Color gamut transform pairs", 1978); where the hue jumps, the result does not.
 */
export const adjustHsv: OpDefinition<ValueRangeAttributes> = {
  summary: "turns hues and scales saturations of RGB images: input [N,H,W,3], factors [N,2] -> [N,H,W,3]",
  inputs: ["input", "factors"],
  outputs: ["output"],
  inferOutputs([input, factors]) {
    expectRank("adjustHsv: input", input!, 4);
    expectSameShape("adjustHsv: input", input!.shape, [...input!.shape.slice(0, 3), 3]);
    expectSameShape("adjustHsv: factors", factors!.shape, [input!.shape[0]!, 2]);
    return [float32(input!.shape)];
  },
  gradient: notDifferentiable,
  flops: ([input]) => 18 * sizeOf(input!.shape),
};
