import type { AffineMatrix } from "../../ops/warp2d.js";

/** [height, width] */
export type ImageSize = readonly [number, number];

/** Every pixel where it is. */
export const identity: AffineMatrix = [1, 0, 0, 0, 1, 0];

/**
 * What is done first and what is done to its result, as one matrix: a pixel of the result lies in the image between at `second`, and
 * that in the image before at `first`.
 */
export function composed(first: AffineMatrix, second: AffineMatrix): AffineMatrix {
  const [a, b, c, d, e, f] = first;
  const [g, h, i, j, k, l] = second;
  return [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f];
}

/** x = a x' + b y', y = d x' + e y' about the centre of the image. */
export function aboutCentre(
  [height, width]: ImageSize,
  [a, b, d, e]: readonly [number, number, number, number],
): AffineMatrix {
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  return [a, b, x - a * x - b * y, d, e, y - d * x - e * y];
}

/** Turned by an angle in radians, counter-clockwise where it is positive. */
export function rotation(size: ImageSize, angle: number): AffineMatrix {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return aboutCentre(size, [cos, -sin, sin, cos]);
}

/** Shifted to the right and down. */
export function translation(right: number, down: number): AffineMatrix {
  return [1, 0, -right, 0, 1, -down];
}
