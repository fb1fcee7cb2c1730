import { expect, it } from "vitest";
import { divisorOf } from "./divisor.js";

/** As kernels/divisor.h divides. */
function quotient(dividend: number, { multiplier, shift }: ReturnType<typeof divisorOf>): number {
  const high = Number((BigInt(dividend) * BigInt(multiplier as number)) >> 32n);
  return (high + dividend) >>> (shift as number);
}

it("divides every dividend below 2^31 exactly", () => {
  const dividends = [0, 1, 2, 3, 99, 783, 784, 785, 65535, 65536, 2 ** 20 + 7, 2 ** 30, 2 ** 31 - 2, 2 ** 31 - 1];
  for (const divisor of [
    1,
    2,
    3,
    5,
    7,
    9,
    10,
    13,
    28,
    32,
    64,
    169,
    576,
    641,
    784,
    43264,
    65537,
    2 ** 30,
    2 ** 31 - 1,
  ]) {
    const by = divisorOf(divisor);
    const near = [divisor - 1, divisor, divisor * 3 - 1, divisor * 3].filter((dividend) => dividend < 2 ** 31);
    for (const dividend of [...dividends, ...near]) {
      expect(quotient(dividend, by), `${dividend} / ${divisor}`).toBe(Math.floor(dividend / divisor));
    }
  }
});
