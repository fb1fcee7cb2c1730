import type { Backend } from "../../backend/index.js";
import { type DatasetExtras, DeviceDataset } from "./deviceDataset.js";
import { type HostSamples, signatureOf } from "./hostSamples.js";

/** Data sets that wait for samples of the same shape; more are freed. */
const maxIdle = 4;

/** The data sets of a model that are on its device. */
export class DeviceDatasets {
  readonly #backend: Backend;
  readonly #all: Set<DeviceDataset> = new Set();
  /** By signature, the longest unused first. */
  readonly #idle: { readonly key: string; readonly dataset: DeviceDataset }[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Puts samples on the device until they are released, at the latest with the model. */
  open(samples: HostSamples, extras: DatasetExtras = {}): DeviceDataset {
    const dataset = new DeviceDataset(this.#backend, samples, extras);
    this.#all.add(dataset);
    return dataset;
  }

  /** Frees a data set. */
  release(dataset: DeviceDataset): void {
    this.#all.delete(dataset);
    dataset.dispose();
  }

  /**
   * Lends a data set filled with samples for the length of `use`. Data sets are kept for later calls with samples of the
   * same shape, so that predicting one image after the other compiles once.
   */
  async lend<T>(
    samples: HostSamples,
    extras: Pick<DatasetExtras, "predictionSizes" | "draws">,
    use: (dataset: DeviceDataset) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify([signatureOf(samples, false), extras.predictionSizes, extras.draws?.id]);
    const position = this.#idle.findIndex((entry) => entry.key === key);
    const [known] = position < 0 ? [] : this.#idle.splice(position, 1);
    known?.dataset.refill(samples);
    const dataset = known?.dataset ?? this.open(samples, extras);
    let result: T;
    try {
      result = await use(dataset);
    } catch (error) {
      // Its memory may be what is missing.
      this.release(dataset);
      throw error;
    }
    this.#idle.push({ key, dataset });
    while (this.#idle.length > maxIdle) {
      this.release(this.#idle.shift()!.dataset);
    }
    return result;
  }

  dispose(): void {
    for (const dataset of this.#all) {
      dataset.dispose();
    }
    this.#all.clear();
  }
}
