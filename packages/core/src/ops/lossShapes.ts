import { formatShape, ShapeError } from "../errors.js";
import { expectDType, expectSameShape, rowsOf } from "./checks.js";
import { sizeOf, type TensorSpec } from "./definition.js";

/** Whether labels are class numbers (int32 [...]) or one number a class (float32 [...,C]). */
export type LabelKind = "sparse" | "categorical";

/** Throws unless labels fit predictions [...,C]: int32 [...] when sparse, float32 [...,C] when categorical. */
export function expectLabels(op: string, predictions: TensorSpec, labels: TensorSpec, kind: LabelKind): void {
  if (kind === "categorical") {
    expectSameShape(`${op}: labels`, labels.shape, predictions.shape);
    expectDType(`${op}: labels`, labels, "float32");
  } else {
    expectDType(`${op}: labels`, labels, "int32");
    if (sizeOf(labels.shape) !== rowsOf(predictions.shape)) {
      throw new ShapeError(
        `${op}: labels ${formatShape(labels.shape)} hold ${sizeOf(labels.shape)} class numbers, ` +
          `predictions ${formatShape(predictions.shape)} have ${rowsOf(predictions.shape)} rows`,
      );
    }
  }
}

/** Throws unless weights, where given, are one float32 a row of the predictions [...,C], which `name` calls by their name. */
export function expectWeights(
  op: string,
  predictions: TensorSpec,
  weights: TensorSpec | undefined,
  name = "predictions",
): void {
  if (weights !== undefined && sizeOf(weights.shape) !== rowsOf(predictions.shape)) {
    throw new ShapeError(
      `${op}: weights ${formatShape(weights.shape)} hold ${sizeOf(weights.shape)} numbers, ` +
        `${name} ${formatShape(predictions.shape)} have ${rowsOf(predictions.shape)} rows`,
    );
  }
}
