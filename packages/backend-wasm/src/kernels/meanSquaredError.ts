import { attributesOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { lossRows } from "./lossRows.js";
import { partialSums } from "./sumPartials.js";

export const meanSquaredError: OpEncoder = (op, writer) => {
  const [x, targets, weights] = op.inputs;
  const [lossSum] = op.outputs;
  const { tasks, ...rows } = lossRows(x!);
  const partials = partialSums(writer, tasks, 1, lossSum!.address);
  writer.stage(
    launch("meanSquaredError", tasks, {
      x: x!.address,
      targets: targets!.address,
      weights: weights?.address ?? 0,
      partials: partials.address,
      ...rows,
    }),
  );
  writer.stage(...partials.finish);
};

export const meanSquaredErrorBackward: OpEncoder = (op, writer) => {
  const [x, targets, weights] = op.inputs;
  const [dx] = op.outputs;
  const { tasks, ...rows } = lossRows(x!);
  writer.stage(
    launch("meanSquaredErrorBackward", tasks, {
      x: x!.address,
      targets: targets!.address,
      weights: weights?.address ?? 0,
      dx: dx!.address,
      factor: (2 * attributesOf("meanSquaredErrorBackward", op).scale) / rows.classes,
      ...rows,
    }),
  );
};
