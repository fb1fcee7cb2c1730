import type { StepDraws } from "../../layers/augmentation/stepDraws.js";
import { permutation, RandomStream } from "../../random/index.js";
import type { DeviceDataset } from "../data/deviceDataset.js";
import type { HostSamples } from "../data/hostSamples.js";
import type { StepsOnDevice } from "./batchWindows.js";
import type { DeviceModel } from "./deviceModel.js";
import { DrawAhead, type DrawnStep } from "./drawAhead.js";

/** Where the samples of a `fit` come from. */
export interface TrainingSource {
  /** How they get to the device, for whoever wants to know; undefined where nobody could wonder. */
  readonly placement: string | undefined;
  /** Samples of a step; 0 until the first batch says. */
  readonly batchSize: number;
  /** Milliseconds of this epoch in which the device has waited for samples. */
  readonly waitedMs: number;
  /** Goes to a step of an epoch. */
  beginEpoch(epoch: number, step: number): Promise<void>;
  /** Steps from `step` of the epoch on that may run together, at most `atMost`; undefined where the epoch has no more. */
  next(step: number, atMost: number): Promise<StepsOnDevice | undefined>;
  /** Ends the epoch. */
  endEpoch(): Promise<void>;
  close(): Promise<void>;
}

/** How samples that are on the device whole are gone through. */
export interface WholeOptions {
  readonly batchSize: number;
  /** Rows that an epoch trains on, where the last are left out. */
  readonly rows: number;
  /** Of the `fit`: nothing is drawn ahead behind the last. */
  readonly epochs: number;
  /** The order of an epoch, absent where it is that of the samples. */
  readonly order?: (epoch: number) => Int32Array | Promise<Int32Array>;
  readonly placement?: string;
  readonly random: StepRandomness;
}

/** What is drawn for training steps, and from which seed. */
export interface StepRandomness {
  readonly draws: StepDraws;
  readonly seed: number;
}

/** The order of each epoch where `fit` shuffles. */
export function shuffledOrder(rows: number, seed: number): (epoch: number) => Int32Array {
  return (epoch) => permutation(rows, new RandomStream(seed, "shuffle", 0, epoch));
}

/** Samples that are on the device from the beginning to the end. */
export class WholeSource implements TrainingSource {
  readonly placement: string | undefined;
  readonly batchSize: number;
  readonly waitedMs = 0;
  readonly #device: DeviceModel;
  readonly #dataset: DeviceDataset;
  readonly #steps: number;
  readonly #options: WholeOptions;
  readonly #ahead: DrawAhead;

  /** Throws where there can be no plan of a step. */
  constructor(device: DeviceModel, samples: HostSamples, steps: number, options: WholeOptions) {
    const { batchSize, rows, placement, order, random } = options;
    this.#device = device;
    this.#options = options;
    this.#steps = steps;
    this.#ahead = new DrawAhead(random.draws, random.seed);
    this.batchSize = batchSize;
    this.placement = placement;
    this.#dataset = device.datasets.open(samples, { ordered: order !== undefined, draws: random.draws });
    try {
      for (const size of steps * batchSize > rows ? [batchSize, rows % batchSize] : [batchSize]) {
        device.expectPlan("train", size, this.#dataset);
      }
    } catch (error) {
      device.datasets.release(this.#dataset);
      throw error;
    }
  }

  async beginEpoch(epoch: number, step: number): Promise<void> {
    const { order, batchSize, epochs } = this.#options;
    if (order !== undefined) {
      this.#dataset.setOrder(await order(epoch));
    }
    const { iteration } = this.#device.weights;
    const left = this.#steps - step;
    this.#dataset.writeDrawn(this.#ahead.take(this.#stepsFrom(step, iteration)), step * batchSize);
    this.#ahead.start(epoch + 1 < epochs ? this.#stepsFrom(0, iteration + left) : []);
  }

  /** The steps of an epoch from `step` on, which is training step `iteration`. */
  #stepsFrom(step: number, iteration: number): DrawnStep[] {
    const { batchSize, rows } = this.#options;
    return Array.from({ length: this.#steps - step }, (_, index) => ({
      iteration: iteration + index,
      rows: Math.min(batchSize, rows - (step + index) * batchSize),
    }));
  }

  async next(step: number, atMost: number): Promise<StepsOnDevice | undefined> {
    const { batchSize, rows } = this.#options;
    const fullSteps = Math.floor(rows / batchSize);
    const firstRow = step * batchSize;
    const dataset = this.#dataset;
    if (step < fullSteps) {
      return { dataset, firstRow, batchSize, count: Math.min(fullSteps - step, atMost) };
    }
    return firstRow < rows ? { dataset, firstRow, batchSize: rows - firstRow, count: 1 } : undefined;
  }

  async endEpoch(): Promise<void> {
    // The samples stay.
  }

  async close(): Promise<void> {
    this.#ahead.stop();
    this.#device.datasets.release(this.#dataset);
  }
}
