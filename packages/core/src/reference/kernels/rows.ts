import { DeviceError, sizeOf } from "../../backend/index.js";
import type { KernelOf, KernelTensor } from "./kernel.js";

/**
 * y[b] = scale * source[order[batchStart + b]], without an order scale * source[batchStart + b]
 *
 * source [M,...] (float32, int32 or uint8), order [M] int32 -> [B,...]
 */
export const gatherRows: KernelOf<"gatherRows"> = ({ inputs: [source, order], outputs: [batch], attributes, step }) => {
  const rowSize = sizeOf(source!.shape.slice(1));
  const [x, y] = [source!.data, batch!.data];
  for (let b = 0; b < attributes.batchSize; b++) {
    const position = step.batchStart + b;
    const row = order ? order.data[checkedRow("gatherRows", order, position)]! : position;
    const from = checkedRow("gatherRows", source!, row) * rowSize;
    const to = b * rowSize;
    for (let i = 0; i < rowSize; i++) {
      y[to + i] = x[from + i]! * attributes.scale;
    }
  }
};

/** destination[batchStart + b] = values[b]; values [B,...], destination [M,...] updated */
export const storeRows: KernelOf<"storeRows"> = ({ inputs: [values, destination], step }) => {
  const rowSize = sizeOf(values!.shape.slice(1));
  checkedRow("storeRows", destination!, step.batchStart + values!.shape[0]! - 1);
  destination!.data.set(values!.data, checkedRow("storeRows", destination!, step.batchStart) * rowSize);
};

/** `row`, which must be one of the tensor's: a step table or an order that leads outside would go unnoticed otherwise. */
function checkedRow(op: string, { shape }: KernelTensor, row: number): number {
  if (row < 0 || row >= shape[0]!) {
    throw new DeviceError(`${op}: row ${row} of a tensor with ${shape[0]} rows; check batchStart and the order`);
  }
  return row;
}
