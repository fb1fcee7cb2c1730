import type { Device } from "../device/device.js";
import type { Pipelines } from "../run/pipelines.js";
import type { VariantSelector } from "../run/runtime.js";
import { type Dispatch, variantsOf } from "../wgsl/dispatch.js";
import type { Choices } from "./choices.js";
import { measureVariants } from "./measureVariants.js";

/** Finds the fastest variant of each dispatch that has several. */
export class Tuner implements VariantSelector {
  readonly #device: Device;
  readonly #pipelines: Pipelines;
  readonly #choices: Choices;
  readonly #measure: typeof measureVariants;
  /** Ends with the last measurement that was asked for. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    device: Device,
    pipelines: Pipelines,
    choices: Choices,
    measure: typeof measureVariants = measureVariants,
  ) {
    this.#device = device;
    this.#pipelines = pipelines;
    this.#choices = choices;
    this.#measure = measure;
  }

  /**
   * The dispatches, each with the fastest of its variants in place of the first: what is remembered, or what is measured now.
   * Where nothing can be measured, for want of memory say, the first variant stays. `onReady` is called once for each
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
        const variants = variantsOf(dispatch);
        return { variants, key: variants.length > 1 ? await this.#choices.keyOf(variants) : undefined };
      }),
    );
    // Compiled side by side, and before anything is measured.
    const unknown = questions.filter(
      ({ variants, key }) => key !== undefined && this.#remembered(variants, key) === undefined,
    );
    const compiling = unknown.flatMap(({ variants }) => variants.map((variant) => this.#pipelines.pipeline(variant)));
    await Promise.allSettled(compiling);
    const fastest: Dispatch[] = [];
    for (const { variants, key } of questions) {
      fastest.push(key === undefined ? variants[0] : await this.#fastest(variants, key));
      variants.slice(1).forEach(onReady);
    }
    return fastest;
  }

  #remembered(variants: readonly Dispatch[], key: string): Dispatch | undefined {
    const name = this.#choices.get(key);
    return variants.find(({ variant }) => variant === name);
  }

  async #fastest(variants: readonly [Dispatch, ...Dispatch[]], key: string): Promise<Dispatch> {
    const remembered = this.#remembered(variants, key);
    if (remembered !== undefined) {
      return remembered;
    }
    const times = await this.#measure(variants, this.#device, this.#pipelines);
    // A device that fails in the middle answers at once, which would count as fast.
    this.#device.checkAlive();
    const timeOf = (variant: Dispatch): number => times.get(variant) ?? Number.POSITIVE_INFINITY;
    const best = variants.reduce((best, variant) => (timeOf(variant) < timeOf(best) ? variant : best));
    if (times.has(best)) {
      this.#choices.set(key, best.variant!);
    }
    for (const variant of variants) {
      if (variant !== best) {
        this.#pipelines.forget(variant);
      }
    }
    return best;
  }
}
