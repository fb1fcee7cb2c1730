/** CRC-32C (Castagnoli), the polynomial 0x1edc6f41 with its bits reversed. */
const polynomial = 0x82f63b78;

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) {
    rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
  }
  return rest;
});

/** The checksum of RFC 3720, an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest = (rest >>> 8) ^ table[(rest ^ byte) & 0xff]!;
  }
  return ~rest >>> 0;
}

/** The checksum as TFRecord files hold it: rotated and shifted, so that checksums of data with checksums in it stay good ones. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
