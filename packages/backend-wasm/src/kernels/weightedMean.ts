import { attributesOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { lossRows } from "./lossRows.js";
import { partialSums } from "./sumPartials.js";

export const weightedMean: OpEncoder = (op, writer) => {
  const [v, weights] = op.inputs;
  const [lossSum] = op.outputs;
  const { tasks, ...rows } = lossRows(v!);
  const partials = partialSums(writer, tasks, 1, lossSum!.address);
  const places = { v: v!.address, weights: weights?.address ?? 0, partials: partials.address };
  writer.stage(launch("weightedMean", tasks, { ...places, ...rows }));
  writer.stage(...partials.finish);
};

export const weightedMeanBackward: OpEncoder = (op, writer) => {
  const [v, weights] = op.inputs;
  const [dv] = op.outputs;
  const { tasks, ...rows } = lossRows(v!);
  const factor = attributesOf("weightedMeanBackward", op).scale / rows.classes;
  const places = { weights: weights?.address ?? 0, dv: dv!.address };
  writer.stage(launch("weightedMeanBackward", tasks, { ...places, ...rows, factor }));
};
