/** Text of kernels that normalize by channel. */

import { float } from "./shader.js";

/** Gamma and beta out of the inputs at the end of the list, as the attributes say. */
export function gammaAndBeta<T>(
  vectors: readonly (T | undefined)[],
  { scale, center }: { readonly scale: boolean; readonly center: boolean },
): { readonly gamma?: T; readonly beta?: T } {
  const [first, second] = vectors;
  const beta = scale ? second : first;
  return { ...(scale ? { gamma: first! } : {}), ...(center ? { beta: beta! } : {}) };
}

/** Code: 1 / sqrt(variance + epsilon). */
export function inverseDeviation(variance: string, epsilon: number): string {
  return `inverseSqrt(${variance} + ${float(epsilon)})`;
}
