import type { Device } from "../device.js";
import type { Dispatch } from "../dispatch.js";
import type { Choices } from "./choices.js";
import { measureWays } from "./measure.js";

/** Finds the fastest way of each dispatch that has several. */
export class Tuner {
  readonly #device: Device;
  readonly #choices: Choices;
  /** Ends with the last measurement that was asked for. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(device: Device, choices: Choices) {
    this.#device = device;
    this.#choices = choices;
  }

  /**
   * The dispatches, each with the fastest of its ways in place of the first: what is remembered, or what is measured now.
   * Where nothing can be measured, for want of memory say, the first way stays. `onReady` is called once for each
   * alternative. Rejects where the cache cannot be written.
   */
  tune(dispatches: readonly Dispatch[], onReady: () => void): Promise<Dispatch[]> {
    // One after the other: what runs beside a measurement would be measured with it.
    const tuned = this.#queue.then(async () => {
      const fastest: Dispatch[] = [];
      for (const dispatch of dispatches) {
        fastest.push(await this.#fastest(dispatch, onReady));
      }
      await this.#choices.save();
      return fastest;
    });
    this.#queue = tuned.catch(() => undefined);
    return tuned;
  }

  async #fastest(dispatch: Dispatch, onReady: () => void): Promise<Dispatch> {
    const ways = waysOf(dispatch);
    if (ways.length === 1) {
      return dispatch;
    }
    const key = await this.#choices.keyOf(ways);
    const remembered = ways.find(({ way }) => way === this.#choices.get(key));
    if (remembered !== undefined) {
      dispatch.alternatives!.forEach(onReady);
      return remembered;
    }
    const times = await measureWays(ways, this.#device);
    dispatch.alternatives!.forEach(onReady);
    const timeOf = (way: Dispatch): number => times.get(way) ?? Number.POSITIVE_INFINITY;
    const best = ways.reduce((best, way) => (timeOf(way) < timeOf(best) ? way : best));
    if (times.has(best)) {
      this.#choices.set(key, best.way!);
    }
    for (const way of ways) {
      if (way !== best) {
        this.#device.pipelines.forget(way);
      }
    }
    return best;
  }
}

/** Every way to compute what a dispatch computes, the first one first. */
export function waysOf({ alternatives = [], ...first }: Dispatch): readonly [Dispatch, ...Dispatch[]] {
  return [first, ...alternatives];
}
