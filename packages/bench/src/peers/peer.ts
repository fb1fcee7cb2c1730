import type { BenchResult, Figures } from "../report/result.js";
import type { Workload } from "../training/workload.js";

/** What a peer is given: the workload, and the first weights that Convoy's backends start from. */
export interface PeerWorkload extends Workload {
  /** In Keras' order and layout: kernels [KH,KW,C,F] and [inputs, units], each before its bias. */
  readonly weights: readonly { readonly data: Float32Array; readonly shape: readonly number[] }[];
}

/** What a peer measured. Where it did only part of the workload, which part stands beside the figures. */
export interface PeerResult extends Figures, Partial<Pick<BenchResult, "epochs" | "batchSize" | "trainSamples">> {
  /** What it ran on, with its version. */
  readonly device: string;
  /** Why some figures are missing. */
  readonly reason?: string;
}

/** Another library, ready to run. */
export interface OpenPeer {
  measure(workload: PeerWorkload, print: (line: string) => void): Promise<PeerResult>;
}

/** Another library that trains the same network on the same data, for comparison. */
export interface Peer {
  /** Loads the library. Rejects with an error that says what to install where it is missing. */
  open(): Promise<OpenPeer>;
}
