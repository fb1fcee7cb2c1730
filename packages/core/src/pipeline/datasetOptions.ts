/** Settings of `map`. */
export interface MapOptions {
  /** Calls that may run at a time; default 1. Does not change the result. */
  readonly concurrency?: number;
  /** Seed of the random numbers that the function gets; default 0. */
  readonly seed?: number;
}

/** Settings of `shuffle`. */
export interface ShuffleOptions {
  /** An integer from 0 to 2^53 - 1; default 0. */
  readonly seed?: number;
  /** Whether every pass has another order; default true. */
  readonly reshuffleEachIteration?: boolean;
}

/** Settings of `batch`. */
export interface BatchOptions {
  /** Whether a last batch that is smaller is left out; default false. */
  readonly dropRemainder?: boolean;
}
