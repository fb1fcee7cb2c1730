import { DataError } from "../../errors.js";
import type { Dataset } from "../../pipeline/index.js";
import type { BatchSettings } from "../data/batchSamples.js";
import { BatchWindows, type StepsOnDevice, WindowPool } from "./batchWindows.js";
import type { DeviceModel } from "./deviceModel.js";
import { trainingBatches } from "./ownBatches.js";
import type { StepRandomness, TrainingSource } from "./trainingSource.js";

/** How a data set is gone through. */
export interface StreamOptions extends BatchSettings {
  /** Steps of an epoch; Infinity where each goes through all that there is. */
  readonly steps: number;
  /** Whether an epoch goes on where the last has ended, over and over; otherwise each is a pass of its own. */
  readonly goesOn: boolean;
  readonly random: StepRandomness;
}

/** Samples of a data set that are brought to the device batch by batch. */
export class StreamedSource implements TrainingSource {
  readonly #device: DeviceModel;
  readonly #data: Dataset<unknown>;
  readonly #options: StreamOptions;
  readonly #pool: WindowPool;
  #windows: BatchWindows | undefined;
  #batchSize: number;
  #epoch = 0;
  /** Whether nothing has come yet of the pass. */
  #isEmpty = true;
  /** Whether any pass has given something. */
  #hasGiven = false;
  /** Milliseconds that earlier epochs of this pass have waited. */
  #waitedBefore = 0;

  constructor(device: DeviceModel, data: Dataset<unknown>, options: StreamOptions) {
    this.#device = device;
    this.#data = data;
    this.#options = options;
    this.#pool = new WindowPool(device, { draws: options.random.draws });
    this.#batchSize = data.batchSize ?? 0;
  }

  get placement(): string {
    return this.#pool.placementOf(this.#options.what);
  }

  get batchSize(): number {
    return this.#batchSize;
  }

  get waitedMs(): number {
    return (this.#windows?.waitedMs ?? 0) - this.#waitedBefore;
  }

  async beginEpoch(epoch: number, step: number): Promise<void> {
    const { goesOn, steps } = this.#options;
    this.#epoch = epoch;
    if (!goesOn) {
      // Behind what an earlier training has had, there may be nothing left.
      this.#isEmpty = step === 0;
      await this.#open(Number.isFinite(steps) ? this.#data.take(steps) : this.#data, epoch, step);
    } else if (this.#windows === undefined) {
      await this.#open(this.#data.size === Infinity ? this.#data : this.#data.repeat(), 0, epoch * steps + step);
    }
    this.#waitedBefore = this.#windows?.waitedMs ?? 0;
  }

  async next(step: number, atMost: number): Promise<StepsOnDevice | undefined> {
    const taken = await this.#windows!.take(atMost);
    // Whoever has nothing left would do something else than the others.
    await this.#device.settings.backend.group?.expectSame({
      [`rest of ${this.#options.what}`]: [taken ? `${taken.count} batches of ${taken.batchSize} samples next` : "none"],
    });
    if (taken === undefined && (this.#isEmpty || this.#options.goesOn)) {
      throw new DataError(this.#endedEarly(step));
    }
    this.#isEmpty = false;
    this.#hasGiven = true;
    this.#batchSize ||= taken?.batchSize ?? 0;
    return taken;
  }

  async endEpoch(): Promise<void> {
    if (!this.#options.goesOn) {
      await this.#end();
    }
  }

  async close(): Promise<void> {
    await this.#end();
    this.#pool.dispose();
  }

  #endedEarly(step: number): string {
    const { what, goesOn, steps } = this.#options;
    if (!this.#hasGiven) {
      return `${what} is empty; it must give at least one batch`;
    }
    const ended = goesOn
      ? `${what} has ended before step ${step + 1} of ${steps} in epoch ${this.#epoch + 1}, and gives nothing when it begins again`
      : `${what} gave no batch in epoch ${this.#epoch + 1}`;
    return `${ended}; it is gone through again and again, so its function must give new elements each time it is called`;
  }

  /** Begins a pass, or goes into it for a training that goes on in its middle. */
  async #open(data: Dataset<unknown>, pass: number, skipped: number): Promise<void> {
    await this.#end();
    const batches = trainingBatches(this.#device.settings, data, { epoch: pass, skipped }, this.#options);
    const { seed } = this.#options.random;
    const training = { seed, firstIteration: this.#device.weights.iteration };
    this.#windows = new BatchWindows(this.#pool, batches, training);
  }

  async #end(): Promise<void> {
    const windows = this.#windows;
    this.#windows = undefined;
    await windows?.close();
  }
}
