import type { TensorInput } from "../tensorInput.js";
import type { Elements } from "./stages.js";

/** Batches of the rows of arrays in some order, and nothing else: what can be on a device whole, to be gone through there. */
export interface ArraySelection {
  readonly arrays: readonly TensorInput[];
  /** The batch of some rows. */
  readonly batchOf: (rows: readonly number[]) => unknown;
  /** Rows in the order of a pass. */
  readonly order: (epoch: number) => Elements<number>;
  /** Whether every pass has the rows in their own order. */
  readonly inOrder: boolean;
  /** Absent before `batch`. */
  readonly batch?: { readonly size: number; readonly dropRemainder: boolean };
}
