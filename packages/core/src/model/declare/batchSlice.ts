import type { ProcessGroup } from "../../backend/index.js";

/** The rows of each batch that this process computes. */
export interface BatchSlice {
  /** Samples of the batch. */
  readonly batchSize: number;
  /** The first of its rows. */
  readonly offset: number;
  /** How many; at least 1, as a step computes something. */
  readonly rows: number;
  /** Its share in what is a mean over the batch; 0 where there are fewer samples than ranks and none is left for this one. */
  readonly share: number;
}

/** Cuts a batch into slices that differ by a row at most, in the order of ranks. Without a group all of it is one slice. */
export function sliceOf(group: ProcessGroup | undefined, batchSize: number): BatchSlice {
  const { rank, size } = group ?? { rank: 0, size: 1 };
  const [offset, end] = [rank, rank + 1].map((part) => Math.floor((batchSize * part) / size));
  const rows = end! - offset!;
  return rows > 0
    ? { batchSize, offset: offset!, rows, share: rows / batchSize }
    : { batchSize, offset: 0, rows: 1, share: 0 };
}
