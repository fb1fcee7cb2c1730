/** Reading weights back may take at most this share of the time. */
const costShare = 0.01;

/**
 * Copies of the weights, taken now and then while training runs, so that a loss that is not finite does not leave the model
 * with the weights that caused it. A copy is good once the step that used those weights had a finite loss.
 */
export class LastGoodWeights {
  readonly #read: () => Promise<Float32Array[]>;
  #good: readonly Float32Array[];
  #pending: { readonly beforeStep: number; readonly weights: Float32Array[] } | undefined;
  #nextAt = 0;

  /** @param initial the weights before the first step */
  constructor(read: () => Promise<Float32Array[]>, initial: readonly Float32Array[]) {
    this.#read = read;
    this.#good = initial;
  }

  /** The last copy that is known to be good. */
  get weights(): readonly Float32Array[] {
    return this.#good;
  }

  /** Tells that the weights were replaced from outside. */
  reset(weights: readonly Float32Array[]): void {
    this.#good = weights;
    this.#pending = undefined;
  }

  /** Tells that `step` had a finite loss. Steps are iterations of the optimizer. */
  confirm(step: number): void {
    if (this.#pending !== undefined && this.#pending.beforeStep <= step) {
      this.#good = this.#pending.weights;
      this.#pending = undefined;
    }
  }

  /** Copies the weights as they are before `nextStep`, if the last copy is old enough for the cost not to matter. */
  async copy(nextStep: number): Promise<void> {
    const start = performance.now();
    if (this.#pending !== undefined || start < this.#nextAt) {
      return;
    }
    this.#pending = { beforeStep: nextStep, weights: await this.#read() };
    const end = performance.now();
    this.#nextAt = end + (end - start) / costShare;
  }
}
