import { type Shape, sizeOf } from "../ops/definition.js";
import type { RandomStream } from "../random/index.js";

/** Draws a parameter's first values on the host. */
export interface Initializer {
  readonly name: string;
  /** `shape` is HWIO for convolution kernels, [inputs, units] for dense ones. */
  draw(shape: Shape, random: RandomStream): Float32Array;
}

/** An initializer that draws one number after the other; `next` prepares that for a shape. */
export function filled(name: string, next: (shape: Shape, random: RandomStream) => () => number): Initializer {
  return {
    name,
    draw(shape, random) {
      const sample = next(shape, random);
      return Float32Array.from({ length: sizeOf(shape) }, sample);
    },
  };
}
