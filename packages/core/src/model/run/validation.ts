import type { Logs } from "../../callbacks/index.js";
import type { Dataset } from "../../pipeline/index.js";
import type { BatchSettings } from "../data/batchSamples.js";
import type { HostSamples } from "../data/hostSamples.js";
import { WindowPool } from "./batchWindows.js";
import type { DeviceModel } from "./deviceModel.js";
import { evaluateDataset } from "./evaluate.js";
import { evaluateBatches } from "./streamedRows.js";

/** What a `fit` is validated on after every epoch. */
export interface Validation {
  /** Loss and metrics with the weights as they are. */
  readonly evaluate: () => Promise<Logs>;
  readonly close: () => void;
  /** (of data sets) Where the samples are, known after an evaluation. */
  readonly placement?: string;
}

/** Validation on samples that stay on the device. */
export function wholeValidation(device: DeviceModel, samples: HostSamples, batchSize: number): Validation {
  const dataset = device.datasets.open(samples);
  return {
    evaluate: () => evaluateDataset(device, dataset, batchSize),
    close: () => device.datasets.release(dataset),
  };
}

/** Validation on a data set, whose first pass is gone through after every epoch. */
export function streamedValidation(device: DeviceModel, data: Dataset<unknown>, settings: BatchSettings): Validation {
  const pool = new WindowPool(device);
  return {
    evaluate: () => evaluateBatches(device, pool, data, settings, () => undefined),
    close: () => pool.dispose(),
    get placement() {
      return pool.placementOf(settings.what);
    },
  };
}
