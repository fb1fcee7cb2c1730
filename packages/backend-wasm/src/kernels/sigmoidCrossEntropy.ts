import { attributesOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { lossRows } from "./lossRows.js";
import { partialSums } from "./sumPartials.js";

export const sigmoidCrossEntropy: OpEncoder = (op, writer) => {
  const [x, targets, weights] = op.inputs;
  const [lossSum, probabilities] = op.outputs;
  const { tasks, ...rows } = lossRows(x!);
  const partials = partialSums(writer, tasks, 1, lossSum!.address);
  writer.stage(
    launch("sigmoidCrossEntropy", tasks, {
      x: x!.address,
      targets: targets!.address,
      weights: weights?.address ?? 0,
      probabilities: probabilities!.address,
      partials: partials.address,
      ...rows,
    }),
  );
  writer.stage(...partials.finish);
};

export const sigmoidCrossEntropyBackward: OpEncoder = (op, writer) => {
  const [probabilities, targets, weights] = op.inputs;
  const [dx] = op.outputs;
  const { tasks, ...rows } = lossRows(probabilities!);
  writer.stage(
    launch("sigmoidCrossEntropyBackward", tasks, {
      probabilities: probabilities!.address,
      targets: targets!.address,
      weights: weights?.address ?? 0,
      dx: dx!.address,
      factor: attributesOf("sigmoidCrossEntropyBackward", op).scale / rows.classes,
      ...rows,
    }),
  );
};
