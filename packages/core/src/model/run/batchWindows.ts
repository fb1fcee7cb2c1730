import { bytesOf } from "../data/batchSamples.js";
import type { DatasetExtras, DeviceDataset } from "../data/deviceDataset.js";
import { signatureOf } from "../data/hostSamples.js";
import type { DeviceModel } from "./deviceModel.js";
import type { OwnBatch } from "./ownBatches.js";
import type { Stretch } from "./runSteps.js";

/** Steps whose samples are on the device. */
export interface StepsOnDevice extends Stretch {
  readonly dataset: DeviceDataset;
  /** Rows of a step that are there, where they are this process's part of a batch alone; absent: all of them. */
  readonly ownRows?: number;
}

/** Upper bounds on a window: samples that are on the device while they wait for their step, and what is predicted of them. */
const maxWindowBytes = 16 * 2 ** 20;
const maxWindowBatches = 64;
/** Windows that are filled or worked on at a time, of whatever kind. */
const maxInUse = 2;
/** Kinds of batches (sizes, element types) that keep their memory for the next of the kind, and the bytes of all of them. */
const maxKinds = 8;
const maxKeptBytes = 4 * maxWindowBytes;

/** After so many milliseconds of making batches, whatever else waits has its turn: results of the device, say. */
const turnMs = 20;

/** Room for some batches of one kind. */
interface Window {
  readonly dataset: DeviceDataset;
  /** Samples of a step, and those of them that are in the window. */
  readonly batchSize: number;
  readonly ownRows: number;
  readonly capacity: number;
  readonly bytes: number;
  /** Batches in it, and those that have been taken. */
  count: number;
  taken: number;
  free: boolean;
}

/** The windows of a `fit`, `evaluate` or `predict`: two, to fill one while the device works on the other. */
export class WindowPool {
  readonly #device: DeviceModel;
  readonly #extras: Pick<DatasetExtras, "predictionSizes" | "draws">;
  /** The kind used last comes last. */
  readonly #kinds: Map<string, Window[]> = new Map();

  constructor(device: DeviceModel, extras: Pick<DatasetExtras, "predictionSizes" | "draws"> = {}) {
    this.#device = device;
    this.#extras = extras;
  }

  /** Says that `what` streams, and through how much, once that is known. */
  placementOf(what: string): string {
    const through = this.#first && ` of ${this.#first.batches} batches (${(this.#first.bytes / 1e6).toFixed(1)} MB)`;
    return `${what} streams to the device through two windows${through ?? ""}`;
  }

  /**
   * Whether windows are taken when they are full, or the last of a pass: processes that train together take as many steps at a
   * time. Otherwise as soon as the device has nothing else to do.
   */
  get takenWhole(): boolean {
    return this.#device.settings.backend.group !== undefined;
  }

  /** Batches and bytes that a window has room for, of the kind that was asked for first. */
  #first: { readonly batches: number; readonly bytes: number } | undefined;

  /** A window for samples of this kind; undefined where two are in use. */
  acquire(kind: string, batch: OwnBatch): Window | undefined {
    if (this.#all.filter(({ free }) => !free).length >= maxInUse) {
      return undefined;
    }
    const windows = this.#kinds.get(kind) ?? [];
    const free = windows.find((window) => window.free);
    const window = free === undefined ? this.#open(batch) : Object.assign(free, { count: 0, taken: 0, free: false });
    this.#kinds.delete(kind);
    this.#kinds.set(kind, free === undefined ? [...windows, window] : windows);
    return window;
  }

  dispose(): void {
    for (const { dataset } of this.#all) {
      this.#device.datasets.release(dataset);
    }
    this.#kinds.clear();
  }

  get #all(): Window[] {
    return [...this.#kinds.values()].flat();
  }

  #open({ samples, batchSize }: OwnBatch): Window {
    this.#device.weights.expectAlive();
    const { predictionSizes = [] } = this.#extras;
    const rowBytes = bytesOf(samples) / samples.rows + 4 * predictionSizes.reduce((sum, size) => sum + size, 0);
    const isWhole = samples.rows === batchSize;
    // Parts of a batch may differ by a row, but all processes take as many steps at a time.
    const mostRows = isWhole ? batchSize : Math.ceil(batchSize / this.#device.settings.backend.group!.size);
    const batchBytes = mostRows * rowBytes;
    const capacity = Math.max(1, Math.min(maxWindowBatches, Math.floor(maxWindowBytes / batchBytes)));
    const bytes = capacity * batchBytes;
    this.#first ??= { batches: capacity, bytes };
    this.#makeRoom(bytes);
    const dataset = this.#device.datasets.open(samples, { ...this.#extras, rows: capacity * samples.rows });
    const ownRows = samples.rows;
    return { dataset, batchSize, ownRows, capacity, bytes, count: 0, taken: 0, free: false };
  }

  /** Frees kinds that have not been used for longest, as far as none of their windows is in use. */
  #makeRoom(bytes: number): void {
    for (const [kind, windows] of this.#kinds) {
      const kept = this.#all.reduce((sum, window) => sum + window.bytes, bytes);
      if (this.#kinds.size < maxKinds && kept <= maxKeptBytes) {
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
  readonly #batches: AsyncGenerator<OwnBatch, void, undefined>;
  readonly #training: { readonly seed: number; readonly firstIteration: number } | undefined;
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

  /** @param training where the batches are for training steps: the seed of what is drawn for each, and the iteration of the first */
  constructor(
    pool: WindowPool,
    batches: AsyncGenerator<OwnBatch, void, undefined>,
    training?: { readonly seed: number; readonly firstIteration: number },
  ) {
    this.#pool = pool;
    this.#batches = batches;
    this.#training = training;
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
    const { dataset, batchSize, ownRows, taken } = window;
    const count = Math.min(atMost, window.count - taken);
    window.taken += count;
    const part = ownRows === batchSize ? {} : { ownRows };
    return { dataset, firstRow: taken * ownRows, batchSize, count, ...part };
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
        if (partial !== undefined && partial.count > 0 && (this.#ended || !this.#pool.takenWhole)) {
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
      for await (const batch of this.#batches) {
        // A source that never waits would keep the device's results from being seen.
        if (performance.now() > turnEnds) {
          await new Promise((resolve) => setTimeout(resolve));
          turnEnds = performance.now() + turnMs;
        }
        const kind = JSON.stringify([batch.batchSize, signatureOf(batch.samples, false)]);
        while (!this.#closed && !this.#put(kind, batch)) {
          await this.#changed;
        }
        if (this.#closed) {
          return;
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

  /**
   * Writes a batch into the window that is being filled; false where it has to wait for one. Nothing comes between finding the
   * window and writing: once it has been taken, it is another that is filled.
   */
  #put(kind: string, batch: OwnBatch): boolean {
    const { samples, batchSize, offset } = batch;
    if (this.#filling !== undefined && this.#kind !== kind) {
      this.#seal();
    }
    this.#kind = kind;
    this.#filling ??= this.#pool.acquire(kind, batch);
    const window = this.#filling;
    if (window === undefined) {
      return false;
    }
    const firstRow = window.count * window.ownRows;
    window.dataset.writeRows(samples, firstRow);
    const { draws } = window.dataset;
    if (this.#training !== undefined && draws !== undefined) {
      const { seed, firstIteration } = this.#training;
      const drawn = draws.draw(seed, firstIteration + this.#written++, batchSize);
      window.dataset.writeDrawn([draws.rowsOf(drawn, offset, offset + samples.rows)], firstRow);
    }
    window.count++;
    if (window.count === window.capacity) {
      this.#seal();
    }
    return true;
  }

  #kind = "";
  /** Batches that have been written. */
  #written = 0;

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
