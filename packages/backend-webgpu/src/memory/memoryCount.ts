import type { MemoryInfo } from "@convoy/core/backend";

/** Counts what is allocated on a device. */
export class MemoryCount {
  #usedBytes = 0;
  #peakBytes = 0;

  get info(): MemoryInfo {
    return { usedBytes: this.#usedBytes, peakBytes: this.#peakBytes };
  }

  add(bytes: number): void {
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
  }

  remove(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
