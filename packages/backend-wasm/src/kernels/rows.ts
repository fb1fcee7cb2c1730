import { attributesOf, bytesOf, sizeOf } from "@convoy/core/backend";
import { elementTypes } from "../program/constants.js";
import { type Launch, launch } from "../program/launch.js";
import type { OpEncoder, Operand, WasmOp } from "../program/opWriter.js";

/** The rows that `gather` selects, scaled and shifted, as `batch`. */
export function gatheredRows(
  gather: WasmOp,
  batch: Operand,
  { scale, offset }: { readonly scale: number; readonly offset: number },
): Launch {
  const [source, order] = gather.inputs;
  return launch("gatherRows", attributesOf("gatherRows", gather).batchSize, {
    source: source!.address,
    order: order?.address ?? 0,
    y: batch.address,
    sourceRows: source!.shape[0]!,
    orderRows: order?.shape[0] ?? 0,
    rowSize: sizeOf(source!.shape.slice(1)),
    from: elementTypes[source!.dtype],
    to: elementTypes[batch.dtype],
    scale,
    offset,
  });
}

export const gatherRows: OpEncoder = (op, writer) => {
  const { scale } = attributesOf("gatherRows", op);
  writer.stage(gatheredRows(op, op.outputs[0]!, { scale, offset: -0 }));
};

export const storeRows: OpEncoder = ({ inputs: [values, destination] }, writer) => {
  const tasks = values!.shape[0]!;
  const rows = destination!.shape[0]!;
  const rowBytes = bytesOf(values!) / tasks;
  writer.stage(
    launch("storeRows", tasks, { values: values!.address, destination: destination!.address, rows, rowBytes }),
  );
};
