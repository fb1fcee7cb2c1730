import { threefry2x32, type WordPair } from "./threefry.js";

/**
 * What a stream of random numbers is for. Each purpose draws from a key of its own, so adding a draw to one never moves
 * another. The numbers are part of the format: they are the same on every backend and never change.
 */
export const streamPurposes = {
  initializer: 1,
  shuffle: 2,
  dropout: 3,
  augmentation: 4,
  dataset: 5,
  test: 6,
  noise: 7,
} as const;

export type StreamPurpose = keyof typeof streamPurposes;

/** The two key words of a seed: its low 32 bits and the bits above them (a seed is an integer from 0 to 2^53 - 1). */
export function seedKey(seed: number): WordPair {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** The key of one stream: the seed's key applied to (purpose, instance). `instance` tells apart layers or parameters. */
export function streamKey(seed: WordPair, purpose: StreamPurpose, instance = 0): WordPair {
  return threefry2x32(seed, [streamPurposes[purpose], instance >>> 0]);
}

/** The first counter word of word `index` of a stream, and which of its two result words that is: 0 or 1. */
export function placeOfWord(index: number): { readonly firstPair: number; readonly odd: number } {
  return { firstPair: Math.floor(index / 2) >>> 0, odd: index % 2 };
}

/**
 * Word `index` of a stream at `step`: counter (index >> 1, step), of whose two result words the even index takes the
 * first. Every backend computes random numbers by this rule.
 */
export function streamWord(key: WordPair, step: number, index: number): number {
  const { firstPair, odd } = placeOfWord(index);
  return threefry2x32(key, [firstPair, step >>> 0])[odd] as number;
}

/** Draws one after the other from a stream on the host: initial weights, shuffling, synthetic data. */
export class RandomStream {
  readonly #key: WordPair;
  readonly #step: number;
  #index = 0;
  #pair: WordPair = [0, 0];
  #spareNormal: number | undefined;

  /**
   * @param seed integer from 0 to 2^53 - 1
   * @param purpose what the draws are for
   * @param instance tells apart layers, parameters or samples; default 0
   * @param step tells apart epochs or repetitions; default 0
   */
  constructor(seed: number, purpose: StreamPurpose, instance = 0, step = 0) {
    this.#key = streamKey(seedKey(seed), purpose, instance);
    this.#step = step;
  }

  /** An unsigned 32-bit integer. */
  word(): number {
    const second = this.#index & 1;
    if (second === 0) {
      this.#pair = threefry2x32(this.#key, [(this.#index / 2) >>> 0, this.#step >>> 0]);
    }
    this.#index++;
    return this.#pair[second] as number;
  }

  /** A number in [0, 1) with 24 random bits, exact in float32. */
  uniform(): number {
    return (this.word() >>> 8) * 2 ** -24;
  }

  /** A number in [low, high). */
  uniformBetween(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** A standard normal number (Box and Muller, 1958; both of a pair are used). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** An integer in [0, limit), limit at most 2^32, without the bias of a plain remainder (Lemire, 2019: multiply and reject). */
  integerBelow(limit: number): number {
    const threshold = 2 ** 32 % limit;
    for (;;) {
      const [high, low] = multiplyWords(this.word(), limit);
      if (low >= threshold) {
        return high;
      }
    }
  }
}

/** The 64-bit product of two unsigned 32-bit integers as its high and low words. */
function multiplyWords(a: number, b: number): [number, number] {
  // Each partial product stays below 2^48, so float64 holds it exactly.
  const lower = a * (b & 0xffff);
  const upper = a * (b >>> 16) + Math.floor(lower / 2 ** 16);
  const low = (upper % 2 ** 16) * 2 ** 16 + (lower % 2 ** 16);
  return [Math.floor(upper / 2 ** 16), low];
}

/** A random permutation of 0 ... count-1 (Fisher and Yates, Durstenfeld's form). */
export function permutation(count: number, stream: RandomStream): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = stream.integerBelow(last + 1);
    const held = order[last] as number;
    order[last] = order[other] as number;
    order[other] = held;
  }
  return order;
}
