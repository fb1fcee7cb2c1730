/**
 * Processes that train one model together, each on its part of every batch. A backend that has a group runs `allReduce` over all
 * of its processes; everything here is collective as well: all of them call it, in the same order.
 */
export interface ProcessGroup {
  /** This process, counted from 0. Rank 0 alone prints and writes. */
  readonly rank: number;
  readonly size: number;
  /** Whether batch normalization takes its statistics from the whole batch; otherwise each rank from its own part. */
  readonly syncBatchNorm: boolean;
  /** Adds up numbers of all ranks. */
  sum(numbers: Float64Array): Promise<Float64Array>;
  /** The numbers of each rank, in the order of ranks; they may be of different lengths. */
  gather(numbers: Float32Array): Promise<readonly Float32Array[]>;
  /** The numbers of rank 0, where all have as many. */
  broadcast(numbers: Float32Array): Promise<Float32Array>;
  /** Throws `ArgumentError` that names what differs between ranks, and which of them; parts are compared by hashes. */
  expectSame(parts: Readonly<Record<string, readonly (string | ArrayBufferView)[]>>): Promise<void>;
  /** Asks all ranks to end training: they agree on it when a run of training steps ends, or by `agreeToStop`. */
  askToStop(): void;
  /** Whether some rank has asked to end training since the ranks last agreed. */
  agreeToStop(): Promise<boolean>;
}

/** What all ranks know alike of a run of training steps. */
export interface RunAgreement {
  /** How long it took on rank 0. */
  readonly durationMs: number;
  /** Whether some rank has asked to end training. */
  readonly stop: boolean;
}

const agreements = new WeakMap<Float32Array, RunAgreement>();

/** Notes what the ranks have agreed on at the end of the run that gave these results: the backend of a group does so. */
export function noteAgreement(results: Float32Array, agreement: RunAgreement): void {
  agreements.set(results, agreement);
}

/** What the ranks agreed on at the end of the run that gave these results; undefined where there is no group. */
export function agreementOf(results: Float32Array): RunAgreement | undefined {
  return agreements.get(results);
}
