/**
 * A hash of bytes for names of files, 16 hexadecimal digits: two multiplicative hashes of 32 bits side by side. It tells contents
 * apart that differ by chance, not those made to collide; Web Crypto's hashes are missing in pages without https.
 */
export function contentHash(bytes: Uint8Array): string {
  let [first, second] = [0x811c9dc5, bytes.length | 0];
  for (const byte of bytes) {
    first = Math.imul(first ^ byte, 0x01000193);
    second = Math.imul((second ^ byte) + ((second >>> 15) | 0), 0x2c1b3c6d);
  }
  return [first, second].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
