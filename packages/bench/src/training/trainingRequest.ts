import type { applications } from "@convoy/core";
import type { BackendName } from "../backends/backends.js";
import type { PeerName } from "../peers/peers.js";
import type { DatasetName } from "./loadData.js";

/** What `bench` is asked to do. */
export interface TrainingRequest {
  readonly backends: readonly BackendName[];
  readonly peers: readonly PeerName[];
  readonly model: applications.NetworkName;
  readonly dataset: DatasetName;
  readonly epochs: number;
  readonly batchSize: number;
  /** Training samples of an epoch; absent: all, or what a slow device manages. */
  readonly trainSamples?: number;
  readonly seed: number;
  readonly threads?: number;
}
