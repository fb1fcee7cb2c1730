import type { Callback, Training } from "../../callbacks/index.js";
import { expectCount } from "../../checkOption.js";
import type { PlainData } from "../../saving/plainData.js";

/** The callbacks of a `fit`, in the order in which they are told. */
export class CallbackList {
  readonly #callbacks: readonly Callback[];
  /** Steps between two calls of those that want to be called between steps. */
  readonly #intervals: readonly number[];

  /** @param callbacks in the order given; those that are to be told last move to the end */
  constructor(callbacks: readonly Callback[]) {
    this.#callbacks = [...callbacks.filter(({ last }) => !last), ...callbacks.filter(({ last }) => last)];
    for (const { batchInterval = 1 } of callbacks) {
      expectCount("batchInterval of a callback", batchInterval);
    }
    this.#intervals = [...new Set(this.#callbacks.filter(isCalledAtSteps).map(intervalOf))];
  }

  /** Tells every callback, one after the other. */
  async tell(call: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    for (const callback of this.#callbacks) {
      // Only what is a promise is awaited: a microtask for each silent callback would add up.
      const answer = call(callback);
      if (answer !== undefined) {
        await answer;
      }
    }
  }

  /** Tells those that are due at a step, counted over all epochs. */
  async tellAtStep(step: number, call: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    if (this.#intervals.length > 0) {
      await this.tell((callback) => (step % intervalOf(callback) === 0 ? call(callback) : undefined));
    }
  }

  /** How many steps may run together from `step` on, counted over all epochs, until some callback is due. */
  stepsUntilDue(step: number): number {
    return Math.min(...this.#intervals.map((interval) => interval - (step % interval)));
  }

  /** Steps between two calls of those that are called between steps, which decide what runs together; in rising order. */
  get intervals(): readonly number[] {
    return [...this.#intervals].sort((a, b) => a - b);
  }

  /** What callbacks keep, by name. */
  states(): Record<string, PlainData> {
    return Object.fromEntries(
      this.#named().flatMap(([name, callback]) => (callback.getState ? [[name, callback.getState()]] : [])),
    );
  }

  /** Gives callbacks back what they have kept; those that are not in it start anew. */
  restore(states: Readonly<Record<string, PlainData>>, training: Training): void {
    for (const [name, callback] of this.#named()) {
      const state = states[name];
      if (state !== undefined) {
        callback.setState?.(state, training);
      }
    }
  }

  /** Those with a name, which gets a number where several have the same. */
  #named(): [string, Callback][] {
    const seen = new Map<string, number>();
    return this.#callbacks.flatMap((callback): [string, Callback][] => {
      const { name } = callback;
      if (name === undefined) {
        return [];
      }
      const number = seen.get(name) ?? 0;
      seen.set(name, number + 1);
      return [[number === 0 ? name : `${name}_${number}`, callback]];
    });
  }
}

function isCalledAtSteps({ onBatchBegin, onBatchEnd }: Callback): boolean {
  return onBatchBegin !== undefined || onBatchEnd !== undefined;
}

function intervalOf({ batchInterval = 1 }: Callback): number {
  return batchInterval;
}
