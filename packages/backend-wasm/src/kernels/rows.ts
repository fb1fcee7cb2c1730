import { attributesOf, bytesOf, sizeOf } from "@convoy/core/backend";
import { elementTypes } from "../program/constants.js";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

export const gatherRows: OpEncoder = (op, writer) => {
  const [source, order] = op.inputs;
  const [batch] = op.outputs;
  const { batchSize, scale } = attributesOf("gatherRows", op);
  writer.stage(
    launch("gatherRows", batchSize, {
      source: source!.address,
      order: order?.address ?? 0,
      y: batch!.address,
      sourceRows: source!.shape[0]!,
      orderRows: order?.shape[0] ?? 0,
      rowSize: sizeOf(source!.shape.slice(1)),
      from: elementTypes[source!.dtype],
      to: elementTypes[batch!.dtype],
      scale,
    }),
  );
};

export const storeRows: OpEncoder = ({ inputs: [values, destination] }, writer) => {
  const tasks = values!.shape[0]!;
  const rows = destination!.shape[0]!;
  const rowBytes = bytesOf(values!) / tasks;
  writer.stage(
    launch("storeRows", tasks, { values: values!.address, destination: destination!.address, rows, rowBytes }),
  );
};
