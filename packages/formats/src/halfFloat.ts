const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The 16 bits of IEEE 754 half precision nearest to a number; halfway to the even one. */
export function numberToHalf(value: number): number {
  single[0] = value;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = Math.abs(single[0]!);
  if (!(magnitude < 65_520)) {
    return Number.isNaN(value) ? 0x7e00 : sign | 0x7c00;
  }
  if (magnitude < 2 ** -14) {
    return sign | roundToEven(magnitude * 2 ** 24);
  }
  const exponent = ((bits[0]! >>> 23) & 255) - 127;
  // Rounding up may carry into the exponent, which is right.
  return sign | (((exponent + 15) << 10) + roundToEven((magnitude / 2 ** exponent - 1) * 1024));
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** A number from the 16 bits of IEEE 754 half precision. */
export function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) {
    return fraction === 0 ? sign * Infinity : Number.NaN;
  }
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
