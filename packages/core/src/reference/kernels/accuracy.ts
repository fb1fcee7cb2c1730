import type { TensorData } from "../../backend/index.js";
import { lastAxis } from "../../ops/checks.js";
import type { KernelOf } from "./kernel.js";

/**
 * The number of rows that are right; predictions [...,C], labels (class numbers [...] or targets [...,C]) -> [1]
 *
 * Binary: the sum over rows of the share of elements that lie on the same side of 0.5 as their target. A row (binary: an
 * element) with a NaN is wrong.
 */
export const accuracy: KernelOf<"accuracy"> = ({ inputs: [predictions, labels], outputs: [correct], attributes }) => {
  const [x, t] = [predictions!.data, labels!.data];
  const classes = lastAxis(predictions!.shape);
  let total = 0;
  for (let r = 0, row = 0; row < x.length; r++, row += classes) {
    if (attributes.labels === "binary") {
      let right = 0;
      for (let i = row; i < row + classes; i++) {
        right += Number(!Number.isNaN(x[i]!) && x[i]! > 0.5 === t[i]! > 0.5);
      }
      total += right / classes;
    } else {
      const label = attributes.labels === "sparse" ? t[r]! : argmax(t, row, classes);
      total += Number(argmax(x, row, classes) === label);
    }
  }
  correct!.data[0] = total;
};

/**
 * The number of rows in which fewer than k classes have a larger number than the labelled one; predictions [...,C],
 * labels (class numbers [...] or targets [...,C]) -> [1]. A row with a NaN is wrong.
 */
export const topKAccuracy: KernelOf<"topKAccuracy"> = ({
  inputs: [predictions, labels],
  outputs: [correct],
  attributes,
}) => {
  const [x, t] = [predictions!.data, labels!.data];
  const classes = lastAxis(predictions!.shape);
  let total = 0;
  for (let r = 0, row = 0; row < x.length; r++, row += classes) {
    const label = attributes.labels === "sparse" ? t[r]! : argmax(t, row, classes);
    const own = x[row + label]!;
    let notBelow = 0;
    for (let i = row; i < row + classes; i++) {
      // Written so that a NaN on either side counts against the row.
      if (!(x[i]! <= own)) {
        notBelow++;
      }
    }
    total += Number(notBelow < attributes.k);
  }
  correct!.data[0] = total;
};

/** Position of the largest number of a row, the first of equals; -1 where the row has a NaN. */
function argmax(data: TensorData, row: number, length: number): number {
  let best = 0;
  for (let c = 0; c < length; c++) {
    const value = data[row + c]!;
    if (Number.isNaN(value)) {
      return -1;
    }
    if (value > data[row + best]!) {
      best = c;
    }
  }
  return best;
}
