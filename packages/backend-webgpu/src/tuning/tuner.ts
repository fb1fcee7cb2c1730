import type { Device } from "../device/device.js";
import type { Pipelines } from "../run/pipelines.js";
import type { VariantSelector } from "../run/runtime.js";
import { type Dispatch, waysOf } from "../wgsl/dispatch.js";
import type { Choices } from "./choices.js";
import { measureWays } from "./measureVariants.js";

/** Finds the fastest way of each dispatch that has several. */
export class Tuner implements VariantSelector {
  readonly #device: Device;
  readonly #pipelines: Pipelines;
  readonly #choices: Choices;
  readonly #measure: typeof measureWays;
  /** Ends with the last measurement that was asked for. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(device: Device, pipelines: Pipelines, choices: Choices, measure: typeof measureWays = measureWays) {
    this.#device = device;
    this.#pipelines = pipelines;
    this.#choices = choices;
    this.#measure = measure;
  }

  /**
   * The dispatches, each with the fastest of its ways in place of the first: what is remembered, or what is measured now.
   * Where nothing can be measured, for want of memory say, the first way stays. `onReady` is called once for each
   * alternative. Rejects with `DeviceError` where the device fails or is disposed.
   */
  tune(dispatches: readonly Dispatch[], onReady: () => void): Promise<Dispatch[]> {
    // One after the other: what runs beside a measurement would be measured with it.
    const tuned = this.#queue.then(async () => {
      const fastest = await this.#tune(dispatches, onReady);
      await this.#choices.save();
      return fastest;
    });
    this.#queue = tuned.catch(() => undefined);
    return tuned;
  }

  async #tune(dispatches: readonly Dispatch[], onReady: () => void): Promise<Dispatch[]> {
    const questions = await Promise.all(
      dispatches.map(async (dispatch) => {
        const ways = waysOf(dispatch);
        return { ways, key: ways.length > 1 ? await this.#choices.keyOf(ways) : undefined };
      }),
    );
    // Compiled side by side, and before anything is measured.
    const unknown = questions.filter(({ ways, key }) => key !== undefined && this.#remembered(ways, key) === undefined);
    const compiling = unknown.flatMap(({ ways }) => ways.map((way) => this.#pipelines.pipeline(way)));
    await Promise.allSettled(compiling);
    const fastest: Dispatch[] = [];
    for (const { ways, key } of questions) {
      fastest.push(key === undefined ? ways[0] : await this.#fastest(ways, key));
      ways.slice(1).forEach(onReady);
    }
    return fastest;
  }

  #remembered(ways: readonly Dispatch[], key: string): Dispatch | undefined {
    const name = this.#choices.get(key);
    return ways.find(({ way }) => way === name);
  }

  async #fastest(ways: readonly [Dispatch, ...Dispatch[]], key: string): Promise<Dispatch> {
    const remembered = this.#remembered(ways, key);
    if (remembered !== undefined) {
      return remembered;
    }
    const times = await this.#measure(ways, this.#device, this.#pipelines);
    // A device that fails in the middle answers at once, which would count as fast.
    this.#device.checkAlive();
    const timeOf = (way: Dispatch): number => times.get(way) ?? Number.POSITIVE_INFINITY;
    const best = ways.reduce((best, way) => (timeOf(way) < timeOf(best) ? way : best));
    if (times.has(best)) {
      this.#choices.set(key, best.way!);
    }
    for (const way of ways) {
      if (way !== best) {
        this.#pipelines.forget(way);
      }
    }
    return best;
  }
}
