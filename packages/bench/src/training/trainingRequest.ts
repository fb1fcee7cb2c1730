import type { ModelName } from "../networks/models.js";
import type { PeerName } from "../peers/peers.js";
import type { DatasetName } from "./loadData.js";

/** What `bench` is asked to do. */
export interface TrainingRequest {
  /** Names of those that come with Convoy, paths and packages of others. */
  readonly backends: readonly string[];
  readonly peers: readonly PeerName[];
  readonly model: ModelName;
  /** Absent: the usual one of the network. */
  readonly dataset?: DatasetName;
  /** Absent: 1. */
  readonly epochs?: number;
  readonly batchSizes: readonly number[];
  /** Training samples per epoch; absent: all. */
  readonly trainSamples?: number;
  /** Seconds of training; absent: 10 unless `epochs` or `trainSamples` say how much; slow devices have 10 unless `trainSamples` does. */
  readonly timeLimit?: number;
  /** Rounds in which all take turns; 0: none. */
  readonly rounds: number;
  readonly seed: number;
  /** Number of seeds, from `seed` on. */
  readonly seeds: number;
  /** Absent: the default of each. */
  readonly threads?: readonly number[];
  /** Trains until the test accuracy is reached, `epochs` at most. */
  readonly targetAccuracy?: number;
}
