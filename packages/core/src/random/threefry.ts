/**
 * Threefry-2x32 with 20 rounds: a counter-based generator. Two key words and two counter words give two random words,
 * so any element of any stream can be drawn on its own, on any device, in any order.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; known-answer vectors from
 * the authors' Random123 distribution stand in the test beside this file.
 */

/** Two unsigned 32-bit words: a key, a counter or a result. */
export type WordPair = readonly [number, number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** Skein's key schedule parity constant, 32-bit form. */
const KEY_PARITY = 0x1bd11bda;

/** The 20-round Threefry-2x32 bijection: `counter` encrypted under `key`. */
export function threefry2x32(key: WordPair, counter: WordPair): [number, number] {
  const schedule = [key[0], key[1], KEY_PARITY ^ key[0] ^ key[1]] as const;
  let x0 = (counter[0] + schedule[0]) | 0;
  let x1 = (counter[1] + schedule[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = ROTATIONS[round & 7] as number;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if ((round & 3) === 3) {
      const injection = (round + 1) >> 2;
      x0 = (x0 + (schedule[injection % 3] as number)) | 0;
      x1 = (x1 + (schedule[(injection + 1) % 3] as number) + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}
