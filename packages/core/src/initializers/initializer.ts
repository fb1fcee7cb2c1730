import type { Config, Configured } from "../config.js";
import { type Shape, sizeOf } from "../ops/definition.js";
import type { RandomStream } from "../random/index.js";

/** Draws a parameter's first values on the host. With `className` and `config` models that use it can be saved. */
export interface Initializer extends Configured {
  readonly name: string;
  /** `shape` is HWIO for convolution kernels, [inputs, units] for dense ones. */
  draw(shape: Shape, random: RandomStream): Float32Array;
}

/** An initializer that draws one number after the other; `next` prepares that for a shape. */
export function filled(
  name: string,
  config: Config,
  next: (shape: Shape, random: RandomStream) => () => number,
): Initializer {
  const className = `${name[0]!.toUpperCase()}${name.slice(1)}`;
  return {
    name,
    className,
    config,
    draw(shape, random) {
      const sample = next(shape, random);
      return Float32Array.from({ length: sizeOf(shape) }, sample);
    },
  };
}
