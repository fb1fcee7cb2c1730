import type { Callback, Training, TrainingState, Verbosity } from "../../callbacks/index.js";
import type { DeviceModel } from "./deviceModel.js";
import type { TrainingSource } from "./trainingSource.js";
import type { Validation } from "./validation.js";

/** Everything that training needs, checked and with defaults filled in. */
export interface FitRequest {
  /** Opens the samples on the device. */
  readonly source: (device: DeviceModel) => TrainingSource;
  readonly validation?: (device: DeviceModel) => Validation;
  /** Samples that there are; 0 where it is not known. */
  readonly rows: number;
  /** Samples of a step; 0 where the first batch says. */
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Steps of an epoch: all of them, or fewer on request; Infinity where the first epoch shows it. */
  readonly steps: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly callbacks: readonly Callback[];
  readonly verbose: Verbosity;
  /** What is trained on, as far as it is in memory: processes that train together compare it. */
  readonly samples: readonly ArrayBufferView[];
  /** What it is validated on: for processes that train together, to compare. */
  readonly validated: { readonly text: string; readonly samples: readonly ArrayBufferView[] };
  /** What an earlier `fit` has left, to go on from. */
  readonly resumeFrom?: TrainingState;
  /** Replaces the weights of the model, in its order. */
  readonly replaceWeights: (weights: readonly Float32Array[]) => Promise<void>;
  /** What writes the model. */
  readonly files: Pick<Training, "save" | "saveWeights">;
}
