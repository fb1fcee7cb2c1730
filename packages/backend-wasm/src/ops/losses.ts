import { sizeOf } from "@convoy/core/backend";
import type { OpCall, OpEncoder, Operand, OpWriter } from "../program/opWriter.js";
import { phase, rowBlocks } from "../program/phase.js";
import { partialSums } from "./sums.js";

/** Elements of one task: exponentials make them dear. */
const elementsOfTask = 1024;

/** Numbers of the label kinds in `assembly/accuracy.ts`. */
const labelNumbers: Readonly<Record<string, number>> = { sparse: 1, categorical: 2, binary: 3 };

function labelNumber(call: OpCall): number {
  return labelNumbers[call.attributes.labels as string]!;
}

/** [rows, classes] of a tensor, and the rows of a task. */
function rowsOf(x: Operand): { rows: number; classes: number; block: number; tasks: number } {
  const classes = x.shape[x.shape.length - 1]!;
  const rows = sizeOf(x.shape) / classes;
  return { rows, classes, ...rowBlocks(rows, classes, elementsOfTask) };
}

export const softmax: OpEncoder = ({ inputs: [x], outputs: [y] }, writer) => {
  const { tasks, ...rows } = rowsOf(x!);
  writer.stage(phase("softmax", tasks, { x: x!.address, y: y!.address, ...rows }));
};

export const softmaxBackward: OpEncoder = ({ inputs: [dy, y], outputs: [dx] }, writer) => {
  const { tasks, ...rows } = rowsOf(dy!);
  writer.stage(phase("softmaxBackward", tasks, { dy: dy!.address, y: y!.address, dx: dx!.address, ...rows }));
};

export const softmaxCrossEntropy: OpEncoder = (call, writer) => writeSoftmaxLoss(writer, call);

export const softmaxCrossEntropyBackward: OpEncoder = (call, writer) => {
  const [probabilities, labels, weights] = call.inputs;
  const { tasks, ...rows } = rowsOf(probabilities!);
  writer.stage(
    phase("softmaxLossBackward", tasks, {
      probabilities: probabilities!.address,
      labels: labels!.address,
      weights: weights?.address ?? 0,
      dx: call.outputs[0]!.address,
      kind: labelNumber(call),
      scale: call.attributes.scale as number,
      ...rows,
    }),
  );
};

/** The loss with the accuracy and the gradient that follow it. */
export const fusedSoftmaxLoss: OpEncoder = ({ parts: [loss, ...followers] }, writer) => {
  const accuracyPart = followers.find(({ op }) => op === "accuracy");
  const gradient = followers.find(({ op }) => op === "softmaxCrossEntropyBackward");
  writeSoftmaxLoss(writer, loss!, accuracyPart, gradient);
};

function writeSoftmaxLoss(writer: OpWriter, loss: OpCall, accuracyPart?: OpCall, gradient?: OpCall): void {
  const [logits, labels, weights] = loss.inputs;
  const [lossSum, probabilities] = loss.outputs;
  const { tasks, ...rows } = rowsOf(logits!);
  const losses = partialSums(writer, tasks, 1, lossSum!.address);
  const correct = accuracyPart && partialSums(writer, tasks, 1, accuracyPart.outputs[0]!.address);
  writer.scratch(rows.classes * 4);
  writer.stage(
    phase("softmaxLoss", tasks, {
      logits: logits!.address,
      labels: labels!.address,
      weights: weights?.address ?? 0,
      probabilities: probabilities!.address,
      gradient: gradient?.outputs[0]?.address ?? 0,
      lossPartials: losses.address,
      accuracyLabels: accuracyPart?.inputs[1]?.address ?? 0,
      correctPartials: correct?.address ?? 0,
      kind: labelNumber(loss),
      accuracyKind: accuracyPart ? labelNumber(accuracyPart) : 0,
      scale: gradient ? (gradient.attributes.scale as number) : 0,
      ...rows,
    }),
  );
  writer.stage(...losses.finish, ...(correct?.finish ?? []));
}

export const sigmoidCrossEntropy: OpEncoder = (call, writer) => writeElementLoss(call, writer);

export const meanSquaredError: OpEncoder = (call, writer) => writeElementLoss(call, writer);

function writeElementLoss(
  { inputs: [x, targets, weights], outputs: [lossSum, probabilities] }: OpCall,
  writer: OpWriter,
): void {
  const { tasks, ...rows } = rowsOf(x!);
  const partials = partialSums(writer, tasks, 1, lossSum!.address);
  writer.stage(
    phase("elementLoss", tasks, {
      x: x!.address,
      targets: targets!.address,
      weights: weights?.address ?? 0,
      probabilities: probabilities?.address ?? 0,
      partials: partials.address,
      ...rows,
    }),
  );
  writer.stage(...partials.finish);
}

export const sigmoidCrossEntropyBackward: OpEncoder = (call, writer) => writeElementLossBackward(call, writer, 1);

export const meanSquaredErrorBackward: OpEncoder = (call, writer) => writeElementLossBackward(call, writer, 2);

function writeElementLossBackward(call: OpCall, writer: OpWriter, slope: number): void {
  const [x, targets, weights] = call.inputs;
  const { tasks, ...rows } = rowsOf(x!);
  writer.stage(
    phase("elementLossBackward", tasks, {
      x: x!.address,
      targets: targets!.address,
      weights: weights?.address ?? 0,
      dx: call.outputs[0]!.address,
      factor: (slope * (call.attributes.scale as number)) / rows.classes,
      ...rows,
    }),
  );
}

export const accuracy: OpEncoder = (call, writer) => {
  const [predictions, labels] = call.inputs;
  const { tasks, ...rows } = rowsOf(predictions!);
  const partials = partialSums(writer, tasks, 1, call.outputs[0]!.address);
  writer.stage(
    phase("accuracy", tasks, {
      predictions: predictions!.address,
      labels: labels!.address,
      partials: partials.address,
      kind: labelNumber(call),
      k: (call.attributes.k as number | undefined) ?? 0,
      ...rows,
    }),
  );
  writer.stage(...partials.finish);
};
