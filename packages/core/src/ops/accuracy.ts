import { lastAxis, rowsOf } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { expectLabels, type LabelKind } from "./lossShapes.js";

export interface AccuracyAttributes {
  /** "binary" compares every element against 0.5; the others compare the position of the row's largest number. */
  readonly labels: LabelKind | "binary";
}

export interface TopKAccuracyAttributes {
  readonly labels: LabelKind;
  readonly k: number;
}

/**
 * Number of rows that are right: argmax over c of the prediction (the first of equals) is the label, or the labels' argmax.
 * Binary: sum over rows of the share of elements on the same side of 0.5 as the target (prediction > 0.5). A row with NaN is wrong.
 */
export const accuracy: OpDefinition<AccuracyAttributes> = {
  summary: "number of right rows: predictions [...,C], labels -> [1]",
  inputs: ["predictions", "labels"],
  outputs: ["correct"],
  inferOutputs([predictions, labels], attributes) {
    expectLabels("accuracy", predictions!, labels!, attributes.labels === "sparse" ? "sparse" : "categorical");
    return [float32([1])];
  },
  flops: ([predictions]) => sizeOf(predictions!.shape),
};

/** Number of rows in which fewer than k classes have a larger number than the labelled one (ties count as right). A row with NaN is wrong. */
export const topKAccuracy: OpDefinition<TopKAccuracyAttributes> = {
  summary: "number of rows whose label is among the k largest: predictions [...,C], labels -> [1]",
  inputs: ["predictions", "labels"],
  outputs: ["correct"],
  inferOutputs([predictions, labels], attributes) {
    expectLabels("topKAccuracy", predictions!, labels!, attributes.labels);
    return [float32([1])];
  },
  flops: ([predictions]) => rowsOf(predictions!.shape) * lastAxis(predictions!.shape),
};
