import { bytesOf, type DType, sizeOf } from "@convoy/core/backend";
import type { OpEncoder } from "../program/opWriter.js";
import { phase } from "../program/phase.js";

/** Numbers of the element types in `assembly/rows.ts`. */
const typeNumbers: Readonly<Record<DType, number>> = { float32: 0, int32: 1, uint8: 2 };

export const gatherRows: OpEncoder = ({ inputs: [source, order], outputs: [batch], attributes }, writer) => {
  const { batchSize, scale } = attributes as { batchSize: number; scale: number };
  writer.stage(
    phase("gatherRows", batchSize, {
      source: source!.address,
      order: order?.address ?? 0,
      y: batch!.address,
      sourceRows: source!.shape[0]!,
      orderRows: order?.shape[0] ?? 0,
      rowSize: sizeOf(source!.shape.slice(1)),
      from: typeNumbers[source!.dtype],
      to: typeNumbers[batch!.dtype],
      scale,
    }),
  );
};

export const storeRows: OpEncoder = ({ inputs: [values, destination] }, writer) => {
  const tasks = values!.shape[0]!;
  const rows = destination!.shape[0]!;
  const rowBytes = bytesOf(values!) / tasks;
  writer.stage(
    phase("storeRows", tasks, { values: values!.address, destination: destination!.address, rows, rowBytes }),
  );
};
