import type { MemoryInfo } from "./contract.js";

/** Counts what is allocated on a device. */
export class MemoryCount {
  #usedBytes = 0;
  #peakBytes = 0;

  get info(): MemoryInfo {
    return { usedBytes: this.#usedBytes, peakBytes: this.#peakBytes };
  }

  /** Bytes allocated now. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Counts bytes that have been allocated. */
  add(bytes: number): void {
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
  }

  /** Counts bytes that have been freed. */
  remove(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
