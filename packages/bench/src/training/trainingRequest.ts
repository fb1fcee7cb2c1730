import type { applications } from "@convoy/core";
import type { PeerName } from "../peers/peers.js";
import type { DatasetName } from "./loadData.js";

/** What `bench` is asked to do. */
export interface TrainingRequest {
  /** Names of those that come with Convoy, paths and packages of others. */
  readonly backends: readonly string[];
  readonly peers: readonly PeerName[];
  readonly model: applications.NetworkName;
  readonly dataset: DatasetName;
  readonly epochs: number;
  readonly batchSize: number;
  /** Training samples per epoch; absent: all, or what a slow device can do. */
  readonly trainSamples?: number;
  readonly seed: number;
  readonly threads?: number;
}
