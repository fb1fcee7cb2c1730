/** Maximum share of the time that may be spent on reading weights back. */
const costShare = 0.01;

/** Weights on the host. */
export interface WeightsCopy {
  readonly weights: readonly Float32Array[];
  /** The step that they are from before; an iteration of the optimizer. */
  readonly beforeStep: number;
}

/**
 * Copies of the weights, taken now and then while training runs, so that the model keeps its weights when the loss becomes NaN
 * or infinite or the device fails. A copy is kept if all its numbers are finite, and is good once the step that used it had a
 * finite loss. The loss alone is not enough: a moving mean may be infinite while training does not use it.
 */
export class LastGoodWeights {
  readonly #read: () => Promise<Float32Array[]>;
  #good: WeightsCopy;
  #pending: WeightsCopy | undefined;
  #nextAt = 0;

  /** @param initial the weights before the first step */
  constructor(read: () => Promise<Float32Array[]>, initial: readonly Float32Array[]) {
    this.#read = read;
    this.#good = { weights: initial, beforeStep: 0 };
  }

  /** The last copy that is known to be good. */
  get weights(): readonly Float32Array[] {
    return this.#good.weights;
  }

  /** The newest copy, whether it is known to be good or not used yet. */
  get newest(): WeightsCopy {
    return this.#pending ?? this.#good;
  }

  /** Notes that the weights were replaced from outside, before `nextStep`. */
  reset(weights: readonly Float32Array[], nextStep: number): void {
    // What a callback has passed remains its own to change.
    this.#good = { weights: weights.map((values) => Float32Array.from(values)), beforeStep: nextStep };
    this.#pending = undefined;
  }

  /** Notes that `step` had a finite loss. Steps are iterations of the optimizer. */
  confirm(step: number): void {
    if (this.#pending !== undefined && this.#pending.beforeStep <= step) {
      this.#good = this.#pending;
      this.#pending = undefined;
    }
  }

  /** Copies the weights as they are before `nextStep`, if the last copy is old enough for the cost not to matter. */
  async copyWhenDue(nextStep: number): Promise<void> {
    if (this.#pending === undefined && performance.now() >= this.#nextAt) {
      await this.#take(nextStep);
    }
  }

  /** Copies the weights as they are before `nextStep`, unless there is a copy of these. */
  async copyNow(nextStep: number): Promise<void> {
    if (this.newest.beforeStep !== nextStep) {
      await this.#take(nextStep);
    }
  }

  async #take(nextStep: number): Promise<void> {
    const start = performance.now();
    const weights = await this.#read();
    this.#pending = weights.every(areFinite) ? { weights, beforeStep: nextStep } : undefined;
    const end = performance.now();
    this.#nextAt = end + (end - start) / costShare;
  }
}

function areFinite(values: Float32Array): boolean {
  return values.every(Number.isFinite);
}
