import type { StructValues } from "./pack.js";

/** Division by `divisor` as a multiplication, for dividends below 2^31. */
export function divisorOf(divisor: number): StructValues<"Divisor"> {
  // Granlund and Montgomery, 1994, figure 4.1: shift = ceil(log2 d), multiplier = floor(2^32 (2^shift - d) / d) + 1.
  const shift = divisor <= 1 ? 0 : 32 - Math.clz32(divisor - 1);
  const multiplier = ((2n ** 32n * (2n ** BigInt(shift) - BigInt(divisor))) / BigInt(divisor) + 1n) % 2n ** 32n;
  return { divisor, multiplier: Number(multiplier), shift };
}
