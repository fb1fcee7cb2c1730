/** IEEE 754 half precision, read as little-endian 16-bit words: sign, 5 bits of exponent, 10 of fraction. */
export function fromFloat16(words: Uint16Array): Float32Array {
  return Float32Array.from(words, (word) => {
    const sign = word & 0x8000 ? -1 : 1;
    const exponent = (word >> 10) & 0x1f;
    const fraction = word & 0x3ff;
    if (exponent === 0) {
      return sign * 2 ** -14 * (fraction / 1024);
    }
    if (exponent === 31) {
      return fraction === 0 ? sign * Infinity : Number.NaN;
    }
    return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
  });
}

/** bfloat16: the upper half of a float32. */
export function fromBfloat16(words: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);
}
