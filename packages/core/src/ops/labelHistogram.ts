import { formatShape, ShapeError } from "../errors.js";
import { expectDType, expectSameShape } from "./checks.js";
import { bytesOf, type OpDefinition, sizeOf } from "./definition.js";

/**
 * Counts elements by the bucket of their prediction: b = min(max(ceil(p B) - 1, 0), B - 1), the product rounded to float32, so
 * that bucket b is (b / B, (b + 1) / B]; numbers outside [0, 1] are in the first and the last, NaN in the first.
 * counts[0,b] += 1 where the label is not 0, else counts[1,b] += 1.
 */
export const labelHistogram: OpDefinition<Record<never, never>> = {
  summary:
    "counts by prediction, apart for labels and none: predictions [...], labels [...], counts [2,B] int32 updated",
  inputs: ["predictions", "labels", "counts"],
  outputs: [],
  updates: [2],
  inferOutputs([predictions, labels, counts]) {
    expectSameShape("labelHistogram: labels", labels!.shape, predictions!.shape);
    expectDType("labelHistogram: labels", labels!, "float32");
    expectDType("labelHistogram: counts", counts!, "int32");
    if (counts!.shape.length !== 2 || counts!.shape[0] !== 2) {
      throw new ShapeError(`labelHistogram: counts has shape ${formatShape(counts!.shape)}, expected [2,B]`);
    }
    return [];
  },
  flops: ([predictions]) => 4 * sizeOf(predictions!.shape),
  // A count is read and written for each element.
  bytes: ([predictions, labels]) => 2 * bytesOf(predictions!) + bytesOf(labels!) + bytesOf(predictions!),
};
