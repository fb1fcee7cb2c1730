import type { Backend } from "../../backend/index.js";
import { packSteps } from "../../plan/index.js";
import { seedKey } from "../../random/index.js";
import type { Tensor } from "../../tensor.js";
import type { Layer } from "../layer.js";
import { type BoundLayers, bindLayers, deviceData, disposeBound } from "./boundLayers.js";

/** Samples, and their labels where there are any. */
export interface Samples {
  readonly x: Tensor;
  readonly y?: Tensor | undefined;
}

/** What layers make of samples. */
export interface ChangedSamples {
  readonly x: Tensor<Float32Array>;
  /** Those that were given where no layer mixes labels. */
  readonly y?: Tensor | undefined;
}

/** Kinds of samples for which the layers are kept bound. */
const maxKinds = 4;

/** Layers one after the other that run as they do in training, without a model. */
export class LayersAlone {
  readonly #layers: readonly Layer[];
  readonly #backend: () => Promise<Backend>;
  readonly #isBefore: boolean;
  readonly #kinds: Map<string, BoundLayers> = new Map();
  /** Calls wait for each other: they share memory. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param layers as of `rowOfLayers`
   * @param isBefore whether they draw what layers do that `fit` puts before those of a model
   */
  constructor(layers: readonly Layer[], backend: () => Promise<Backend>, isBefore = false) {
    this.#layers = layers;
    this.#backend = backend;
    this.#isBefore = isBefore;
  }

  /** What the layers make of a batch at a training step. */
  async run(samples: Samples, seed: number, iteration: number): Promise<ChangedSamples> {
    const result = this.#last.then(() => this.#run(samples, seed, iteration));
    this.#last = result.catch(() => undefined);
    return await result;
  }

  dispose(): void {
    for (const bound of this.#kinds.values()) {
      disposeBound(bound);
    }
    this.#kinds.clear();
  }

  async #run({ x, y }: Samples, seed: number, iteration: number): Promise<ChangedSamples> {
    const { draws, buffers, executable, outputShape, mixes } = await this.#bound(x, y);
    buffers.images!.write(deviceData(x.data));
    if (mixes) {
      buffers.labels!.write(Float32Array.from(y!.data));
    }
    draws.draw(seed, iteration, x.shape[0]!).forEach((numbers, index) => {
      // One that no op reads, of labels that are not there, has no buffer.
      buffers[draws.buffers[index]!.buffer]?.write(numbers);
    });
    await executable.run(packSteps([{ iteration, batchStart: 0, learningRate: 0, stepSize: 0, seed: seedKey(seed) }]));
    const data = (await buffers.changed!.read()) as Float32Array;
    const labels = mixes ? { data: (await buffers.mixed!.read()) as Float32Array, shape: y!.shape } : y;
    return { x: { data, shape: outputShape }, ...(labels === undefined ? {} : { y: labels }) };
  }

  async #bound(x: Tensor, y: Tensor | undefined): Promise<BoundLayers> {
    const kind = ({ data, shape, scale }: Tensor) => [shape, data.constructor.name, scale];
    const key = JSON.stringify([kind(x), y && kind(y)]);
    const known =
      this.#kinds.get(key) ?? (await bindLayers(this.#layers, await this.#backend(), { x, y }, this.#isBefore));
    this.#kinds.delete(key);
    this.#kinds.set(key, known);
    for (const [oldest, bound] of this.#kinds) {
      if (this.#kinds.size > maxKinds) {
        disposeBound(bound);
        this.#kinds.delete(oldest);
      }
    }
    return known;
  }
}
