import { formatShape, ShapeError } from "../errors.js";
import { expectDType, sameShape } from "./checks.js";
import { bytesOf, type OpDefinition, sizeOf } from "./definition.js";

export interface GatherRowsAttributes {
  /** Rows of a batch. */
  readonly batchSize: number;
  /** Factor that every number is multiplied with (float32 results only; 1 otherwise). */
  readonly scale: number;
  /** Element type of the result. */
  readonly dtype: "float32" | "int32";
}

/**
 * The step's batch out of a data set that lives on the device: y[b] = scale * source[order[batchStart + b]], or
 * source[batchStart + b] without an order. `batchStart` comes from the step table.
 */
export const gatherRows: OpDefinition<GatherRowsAttributes> = {
  summary: "the step's batch: source [M,...] (float32, int32 or uint8), order [M] int32 -> [B,...], scaled",
  inputs: ["source", "order"],
  optionalInputs: 1,
  outputs: ["batch"],
  inferOutputs([source, order], { batchSize, dtype }) {
    const rows = source!.shape[0] as number;
    if (batchSize > rows) {
      throw new ShapeError(`gatherRows: a batch of ${batchSize} rows out of a source of ${rows}`);
    }
    if (order !== undefined) {
      expectDType("gatherRows: order", order, "int32");
    }
    return [{ shape: [batchSize, ...source!.shape.slice(1)], dtype }];
  },
  flops: (_, [batch], { scale }) => (scale === 1 ? 0 : sizeOf(batch!.shape)),
  bytes([source, order], [batch], { batchSize }) {
    const rowBytes = bytesOf(source!) / (source!.shape[0] as number);
    return batchSize * (rowBytes + (order === undefined ? 0 : 4)) + bytesOf(batch!);
  },
};

/** destination[batchStart + b] = values[b]: how predictions leave a step. */
export const storeRows: OpDefinition<Record<never, never>> = {
  summary: "writes a batch into its place: values [B,...], destination [M,...] updated",
  inputs: ["values", "destination"],
  outputs: [],
  updates: [1],
  inferOutputs([values, destination]) {
    if (!sameShape(values!.shape.slice(1), destination!.shape.slice(1))) {
      throw new ShapeError(
        `storeRows: values ${formatShape(values!.shape)} do not fit rows of destination ${formatShape(destination!.shape)}`,
      );
    }
    return [];
  },
  flops: () => 0,
  bytes: ([values]) => 2 * bytesOf(values!),
};
