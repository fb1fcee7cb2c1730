/** Transforms for cases of `warp2d`. */

import type { Shape } from "./definition.js";
import { type AffineMatrix, warpFractionBits, writeTransform } from "./warp2d.js";

/** Turned by an angle and scaled about the centre of the image, then shifted; all in pixels of the input. */
export function turned(
  [height, width]: readonly [number, number],
  angle: number,
  [scaleX, scaleY]: readonly [number, number] = [1, 1],
  [shiftX, shiftY]: readonly [number, number] = [0, 0],
): AffineMatrix {
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [a, b, d, e] = [cos * scaleX, -sin * scaleY, sin * scaleX, cos * scaleY];
  return [a, b, cx - a * cx - b * cy + shiftX, d, e, cy - d * cx - e * cy + shiftY];
}

/** A transform for each sample, as many as the batch has; the first ones where it has fewer. */
export function transforms(
  images: Shape,
  size: readonly [number, number],
  matrices: readonly AffineMatrix[],
): number[] {
  const [batch, height, width] = images as [number, number, number];
  const bits = warpFractionBits([height, width, ...size]);
  const values = new Int32Array(6 * batch);
  for (let n = 0; n < batch; n++) {
    writeTransform(matrices[n % matrices.length]!, size, bits, values, 6 * n);
  }
  return [...values];
}
