import type { OpAttributes, Shape } from "@convoy/core/backend";
import type { Arguments } from "./arguments.js";
import { packDivisors } from "./divisor.js";

/** Adds a `PoolingShape` of kernels/poolingShape.h: pooling from input [N,H,W,C] to [N,OH,OW,C]. */
export function packPoolingShape(
  to: Arguments,
  input: Shape,
  output: Shape,
  { poolSize, strides, padding, dilation }: OpAttributes["maxPool2d"],
): void {
  const [N, H, W, C] = input as [number, number, number, number];
  const [, OH, OW] = output as [number, number, number];
  to.int(N, H, W, C, ...poolSize, OH, OW, ...strides, padding[0], padding[2], ...dilation);
  packDivisors(to, [C, W, H, OW, OH, poolSize[1]]);
}
