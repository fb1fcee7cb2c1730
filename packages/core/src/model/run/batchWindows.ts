import { bytesOf } from "../data/batchSamples.js";
import type { DatasetExtras, DeviceDataset } from "../data/deviceDataset.js";
import { type HostSamples, signatureOf } from "../data/hostSamples.js";
import type { DeviceModel } from "./deviceModel.js";
import type { Stretch } from "./runSteps.js";

/** Steps whose samples are on the device. */
export interface StepsOnDevice extends Stretch {
  readonly dataset: DeviceDataset;
}

/** Upper bounds on a window: samples that are on the device while they wait for their step. */
const maxWindowBytes = 16 * 2 ** 20;
const maxWindowBatches = 64;
/** Kinds of batches (sizes, element types) that keep their memory for the next of the kind. */
const maxKinds = 8;

/** After so many milliseconds of making batches, whatever else waits has its turn: results of the device, say. */
const turnMs = 20;

/** Room for some batches of one kind. */
interface Window {
  readonly dataset: DeviceDataset;
  readonly batchSize: number;
  readonly capacity: number;
  /** Batches in it, and those that have been taken. */
  count: number;
  taken: number;
  free: boolean;
}

/** The windows of a `fit`, `evaluate` or `predict`: two of each kind of batch, to fill one while the device works on the other. */
export class WindowPool {
  readonly #device: DeviceModel;
  readonly #extras: Pick<DatasetExtras, "predictionSizes">;
  /** The kind used last comes last. */
  readonly #kinds: Map<string, Window[]> = new Map();

  constructor(device: DeviceModel, extras: Pick<DatasetExtras, "predictionSizes"> = {}) {
    this.#device = device;
    this.#extras = extras;
  }

  /** Batches and bytes that a window has room for, of the kind that was asked for first. */
  get windowSize(): { readonly batches: number; readonly bytes: number } | undefined {
    return this.#first;
  }

  #first: { readonly batches: number; readonly bytes: number } | undefined;

  /** A free window for samples of this kind; undefined where both are in use. */
  acquire(kind: string, samples: HostSamples): Window | undefined {
    const windows = this.#kinds.get(kind) ?? [];
    this.#kinds.delete(kind);
    this.#kinds.set(kind, windows);
    const free = windows.find((window) => window.free);
    if (free !== undefined) {
      return Object.assign(free, { count: 0, taken: 0, free: false });
    }
    if (windows.length === 2) {
      return undefined;
    }
    this.#dropOldest();
    this.#device.weights.expectAlive();
    const bytes = bytesOf(samples);
    const capacity = Math.max(1, Math.min(maxWindowBatches, Math.floor(maxWindowBytes / bytes)));
    this.#first ??= { batches: capacity, bytes: capacity * bytes };
    const dataset = this.#device.datasets.open(samples, { ...this.#extras, rows: capacity * samples.rows });
    const window = { dataset, batchSize: samples.rows, capacity, count: 0, taken: 0, free: false };
    windows.push(window);
    return window;
  }

  dispose(): void {
    for (const { dataset } of [...this.#kinds.values()].flat()) {
      this.#device.datasets.release(dataset);
    }
    this.#kinds.clear();
  }

  #dropOldest(): void {
    for (const [kind, windows] of this.#kinds) {
      if (this.#kinds.size <= maxKinds) {
        return;
      }
      if (windows.every(({ free }) => free)) {
        for (const { dataset } of windows) {
          this.#device.datasets.release(dataset);
        }
        this.#kinds.delete(kind);
      }
    }
  }
}

/**
 * Brings the batches of a pass onto the device as they come, ahead of the steps that take them. When the device has nothing to
 * do, it gets those that are there, however few.
 */
export class BatchWindows {
  readonly #pool: WindowPool;
  readonly #batches: AsyncGenerator<HostSamples, void, undefined>;
  readonly #filled: Promise<void>;
  #filling: Window | undefined;
  readonly #ready: Window[] = [];
  #current: Window | undefined;
  #ended = false;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;
  #changed: Promise<void> = Promise.resolve();
  /** Milliseconds for which nothing was there to take. */
  waitedMs = 0;

  constructor(pool: WindowPool, batches: AsyncGenerator<HostSamples, void, undefined>) {
    this.#pool = pool;
    this.#batches = batches;
    this.#nextChange();
    this.#filled = this.#fill();
  }

  /**
   * Up to `atMost` steps over the batches that come next, of one size; those taken before are done. Waits where there is none
   * yet; undefined at the end. Throws what the source has thrown, after the batches that came before.
   */
  async take(atMost: number): Promise<StepsOnDevice | undefined> {
    let window = this.#current;
    if (window === undefined || window.taken === window.count) {
      if (window !== undefined) {
        window.free = true;
        this.#current = undefined;
        this.#announce();
      }
      window = await this.#nextWindow();
      if (window === undefined) {
        return undefined;
      }
      this.#current = window;
    }
    const { dataset, batchSize, taken } = window;
    const count = Math.min(atMost, window.count - taken);
    window.taken += count;
    return { dataset, firstRow: taken * batchSize, batchSize, count };
  }

  /** Ends the pass. Steps that were taken must be done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#announce();
    await this.#filled;
    for (const window of [...this.#ready, this.#filling, this.#current]) {
      if (window !== undefined) {
        window.free = true;
      }
    }
  }

  async #nextWindow(): Promise<Window | undefined> {
    const start = performance.now();
    try {
      for (;;) {
        const ready = this.#ready.shift();
        if (ready !== undefined) {
          return ready;
        }
        const partial = this.#filling;
        if (partial !== undefined && partial.count > 0) {
          this.#filling = undefined;
          return partial;
        }
        if (this.#failure !== undefined) {
          throw this.#failure.error;
        }
        if (this.#ended) {
          return undefined;
        }
        await this.#changed;
      }
    } finally {
      this.waitedMs += performance.now() - start;
    }
  }

  async #fill(): Promise<void> {
    let turnEnds = performance.now() + turnMs;
    try {
      for await (const samples of this.#batches) {
        // A source that never waits would keep the device's results from being seen.
        if (performance.now() > turnEnds) {
          await new Promise((resolve) => setTimeout(resolve));
          turnEnds = performance.now() + turnMs;
        }
        const kind = JSON.stringify(signatureOf(samples, false));
        const window = await this.#windowFor(kind, samples);
        if (window === undefined) {
          return;
        }
        window.dataset.writeRows(samples, window.count * window.batchSize);
        window.count++;
        if (window.count === window.capacity) {
          this.#seal();
        }
        this.#announce();
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#ended = true;
      this.#announce();
    }
  }

  /** The window that the next batch goes into; undefined once the pass is closed. */
  async #windowFor(kind: string, samples: HostSamples): Promise<Window | undefined> {
    if (this.#filling !== undefined && this.#kind !== kind) {
      this.#seal();
    }
    this.#kind = kind;
    while (this.#filling === undefined && !this.#closed) {
      this.#filling = this.#pool.acquire(kind, samples);
      if (this.#filling === undefined) {
        await this.#changed;
      }
    }
    return this.#closed ? undefined : this.#filling;
  }

  #kind = "";

  #seal(): void {
    this.#ready.push(this.#filling!);
    this.#filling = undefined;
  }

  #announce(): void {
    const wake = this.#wake;
    this.#nextChange();
    wake();
  }

  #nextChange(): void {
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
