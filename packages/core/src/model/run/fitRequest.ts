import type { Callback, Training, TrainingState, Verbosity } from "../../callbacks/index.js";
import type { HostSamples } from "../data/hostSamples.js";

/** Everything that training needs, checked and with defaults filled in. */
export interface FitRequest {
  readonly samples: HostSamples;
  readonly validation?: HostSamples;
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Steps of an epoch: all of them, or fewer on request. */
  readonly steps: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly callbacks: readonly Callback[];
  readonly verbose: Verbosity;
  /** What an earlier `fit` has left, to go on from. */
  readonly resumeFrom?: TrainingState;
  /** Replaces the weights of the model, in its order. */
  readonly replaceWeights: (weights: readonly Float32Array[]) => Promise<void>;
  /** What writes the model. */
  readonly files: Pick<Training, "save" | "saveWeights">;
}
