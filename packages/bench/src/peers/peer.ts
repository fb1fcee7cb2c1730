import type { StepLibrary } from "../participants/stepParticipant.js";
import type { Workload } from "../training/workload.js";

/** What a peer is given: the workload, and the first weights that Convoy's backends start from. */
export interface PeerWorkload extends Workload {
  /** In Keras' order and layout: kernels [KH,KW,C,F] and [inputs, units], each before its bias. */
  readonly weights: readonly { readonly data: Float32Array; readonly shape: readonly number[] }[];
}

/** Another library that trains the same network on the same data, for comparison. */
export interface Peer {
  /** Loads the library and builds the network. Rejects with an error that says what to install where it is missing. */
  open(workload: PeerWorkload): Promise<StepLibrary>;
}

/** The same batch for every peer, however few images there are. */
export function batchOf({ batchSize, train }: Pick<Workload, "batchSize" | "train">): number {
  return Math.min(batchSize, train.images.shape[0] as number);
}
