import { attributesOf, partOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { labelKind, lossRows } from "./lossRows.js";
import { partialSums } from "./sumPartials.js";

/** softmaxCrossEntropy [accuracy] [softmaxCrossEntropyBackward]: the loss with the accuracy and the gradient that follow it. */
export const fusedSoftmaxLoss: OpEncoder = (op, writer) => {
  const loss = partOf(op, "softmaxCrossEntropy") ?? op;
  const accuracy = partOf(op, "accuracy");
  const gradient = partOf(op, "softmaxCrossEntropyBackward");
  const [logits, labels, weights] = loss.inputs;
  const [lossSum, probabilities] = loss.outputs;
  const { tasks, ...rows } = lossRows(logits!);
  const losses = partialSums(writer, tasks, 1, lossSum!.address);
  const correct = accuracy && partialSums(writer, tasks, 1, accuracy.outputs[0]!.address);
  writer.scratch(rows.classes * 4);
  writer.stage(
    launch("softmaxCrossEntropy", tasks, {
      logits: logits!.address,
      labels: labels!.address,
      weights: weights?.address ?? 0,
      probabilities: probabilities!.address,
      gradient: gradient?.outputs[0]?.address ?? 0,
      lossPartials: losses.address,
      accuracyLabels: accuracy?.inputs[1]?.address ?? 0,
      correctPartials: correct?.address ?? 0,
      labelKind: labelKind(attributesOf("softmaxCrossEntropy", loss)),
      accuracyKind: accuracy ? labelKind(attributesOf("accuracy", accuracy)) : 0,
      scale: gradient ? attributesOf("softmaxCrossEntropyBackward", gradient).scale : 0,
      ...rows,
    }),
  );
  writer.stage(...losses.finish, ...(correct?.finish ?? []));
};

/** Without followers. */
export const softmaxCrossEntropy: OpEncoder = fusedSoftmaxLoss;

export const softmaxCrossEntropyBackward: OpEncoder = (op, writer) => {
  const [probabilities, labels, weights] = op.inputs;
  const [dx] = op.outputs;
  const attributes = attributesOf("softmaxCrossEntropyBackward", op);
  const { tasks, ...rows } = lossRows(probabilities!);
  writer.stage(
    launch("softmaxCrossEntropyBackward", tasks, {
      probabilities: probabilities!.address,
      labels: labels!.address,
      weights: weights?.address ?? 0,
      dx: dx!.address,
      labelKind: labelKind(attributes),
      scale: attributes.scale,
      ...rows,
    }),
  );
};
