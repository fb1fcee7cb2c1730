import { formatShape, ShapeError } from "../errors.js";
import { expectDType, expectRank, expectSameShape } from "./checks.js";
import { float32, type OpDefinition, type Shape, sizeOf } from "./definition.js";
import { notDifferentiable } from "./notDifferentiable.js";
import type { Interpolation } from "./resize2d.js";

/**
 * What lies beyond the edges of an image a b c d, as in Keras: reflect d c b a | a b c d | d c b a, wrap a b c d | a b c d | a b c d,
 * constant k k k k | a b c d | k k k k, nearest a a a a | a b c d | d d d d.
 */
export type FillMode = "reflect" | "wrap" | "constant" | "nearest";

export interface Warp2dAttributes {
  /** [OH, OW] */
  readonly size: readonly [number, number];
  readonly interpolation: Interpolation;
  readonly fillMode: FillMode;
  /** k of the fill mode constant. */
  readonly fillValue: number;
  /** Bits behind the point in the transforms, at most 24: fractions are exact in float32. */
  readonly fractionBits: number;
}

/** Transforms keep all coordinates below 2^30 units: the pixel to the right and a half are within 32 bits, too. */
const coordinateBits = 30;
const maxFractionBits = 24;
/** Sizes of the image that coordinates may be away. */
const reach = 8;

/**
 * Images resampled by an affine transform each. `transforms` [N,6] are whole numbers in units of 2^-fractionBits pixels: pixel (oy, ox)
 * of output n lies at x = t[n,0] ox + t[n,1] oy + t[n,2], y = t[n,3] ox + t[n,4] oy + t[n,5], all sums in 32 bits (two's complement).
 * The result's absolute value is below 2^30 for every pixel; sums of some of the terms may wrap around. So every backend reads the
 * same pixels with the same weights.
 *
 * - nearest: the pixel at floor(x / 2^F + 1/2), floor(y / 2^F + 1/2), that is (x + 2^(F-1)) >> F
 * - bilinear: with i = x >> F and f = (x mod 2^F) / 2^F, row and column alike, the mean of the four pixels at i and i + 1 with
 *   weights 1 - f and f
 *
 * An index i outside 0 ... L - 1 is replaced by that of the pixel which the fill mode has there: i mod L for wrap; for reflect
 * j = i mod 2L where that is below L, else 2L - 1 - j; the nearer of 0 and L - 1 for nearest. With constant the pixel is `fillValue`.
 * These are the modes as Keras' documentation has them; TensorFlow's kernel differs from that for wrap beyond the edge.
 *
 * Source: Keras, `keras.ops.image.affine_transform`; TensorFlow, ImageProjectiveTransformV3, whose order of the numbers this is.
 */
export const warp2d: OpDefinition<Warp2dAttributes> = {
  summary: "images resampled by affine transforms: input [N,H,W,C], transforms [N,6] int32 -> [N,OH,OW,C]",
  inputs: ["input", "transforms"],
  outputs: ["output"],
  inferOutputs([input, transforms], { size, fractionBits }) {
    expectRank("warp2d: input", input!, 4);
    const [batch, , , channels] = input!.shape as [number, number, number, number];
    expectDType("warp2d: transforms", transforms!, "int32");
    expectSameShape("warp2d: transforms", transforms!.shape, [batch, 6]);
    if (!size.every((length) => Number.isInteger(length) && length >= 1)) {
      throw new ShapeError(`warp2d: images cannot become ${formatShape(size)} pixels; sizes are whole numbers from 1`);
    }
    const most = warpFractionBits([...input!.shape.slice(1, 3), ...size]);
    if (!(Number.isInteger(fractionBits) && fractionBits >= 0 && fractionBits <= most)) {
      throw new ShapeError(
        `warp2d: ${fractionBits} fraction bits for images ${formatShape(input!.shape)}, expected 0 to ${most}`,
      );
    }
    return [float32([batch, ...size, channels])];
  },
  gradient: notDifferentiable,
  flops: (_, [output], { interpolation }) => (interpolation === "nearest" ? 0 : 9 * sizeOf(output!.shape)),
};

/** The most fraction bits with which coordinates up to eight sizes away fit. */
export function warpFractionBits(sizes: Shape): number {
  const bits = coordinateBits - Math.ceil(Math.log2(reach * Math.max(...sizes)));
  return Math.max(0, Math.min(maxFractionBits, bits));
}

/** x = m[0] ox + m[1] oy + m[2], y = m[3] ox + m[4] oy + m[5]: where pixel (oy, ox) of the output lies in the input, in pixels. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** Writes a matrix as the six whole numbers of a transform, exact at the centre of the output. One that leads too far away is shrunk. */
export function writeTransform(
  matrix: AffineMatrix,
  [height, width]: readonly [number, number],
  fractionBits: number,
  into: Int32Array,
  offset: number,
): void {
  const unit = 2 ** fractionBits;
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  for (let axis = 0; axis < 2; axis++) {
    const [a, b, c] = [matrix[3 * axis]!, matrix[3 * axis + 1]!, matrix[3 * axis + 2]!];
    const centre = a * centreX + b * centreY + c;
    const farthest = (Math.abs(centre) + Math.abs(a) * centreX + Math.abs(b) * centreY) * unit;
    // Two units are left for rounding the slopes over half an image, which is less than 2^15 pixels long.
    const limit = 2 ** coordinateBits - 2 ** 16;
    const scale = unit * (farthest > limit ? limit / farthest : 1);
    const [slopeX, slopeY] = [Math.round(a * scale), Math.round(b * scale)];
    into[offset + 3 * axis] = slopeX;
    into[offset + 3 * axis + 1] = slopeY;
    into[offset + 3 * axis + 2] = Math.round(centre * scale - slopeX * centreX - slopeY * centreY);
  }
}
