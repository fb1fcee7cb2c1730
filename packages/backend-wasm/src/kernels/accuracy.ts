import { attributesOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { labelKind, lossRows } from "./lossRows.js";
import { partialSums } from "./sumPartials.js";

/** accuracy and topKAccuracy: `k` is 0 for plain accuracy. */
export const accuracy: OpEncoder = (op, writer) => {
  const [predictions, labels] = op.inputs;
  const { tasks, ...rows } = lossRows(predictions!);
  const partials = partialSums(writer, tasks, 1, op.outputs[0]!.address);
  writer.stage(
    launch("accuracy", tasks, {
      predictions: predictions!.address,
      labels: labels!.address,
      partials: partials.address,
      labelKind: labelKind(attributesOf("accuracy", op)),
      k: op.op === "topKAccuracy" ? attributesOf("topKAccuracy", op).k : 0,
      ...rows,
    }),
  );
  writer.stage(...partials.finish);
};
