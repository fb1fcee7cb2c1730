/**
 * The number of rows that are right; predictions [...,C], labels (class numbers [...] or targets [...,C]) -> [1].
 *
 * accuracy: the position of the largest number, the first of equals, is the label; binary: the share of a row's elements on
 * the same side of 0.5 as their target. topKAccuracy: fewer than k classes have a larger number than the labelled one. A
 * row (binary: an element) with a NaN is wrong; NaN is detected by its bits, as WGSL lets compilers assume that there is none.
 *
 * Cost: 4 bytes an element, one launch.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { isNanDeclaration } from "../wgsl/isNan.js";
import { rowSums } from "../wgsl/rowSums.js";
import { reads, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

type AccuracyLabels = OpAttributes["accuracy"]["labels"];

/** WGSL function: position of the row's largest number, the first of equals; -1 where the row has a NaN. */
function argmaxOf(tensor: string): string {
  return `fn argmaxOf_${tensor}(start: u32, classes: u32) -> i32 {
  var best = 0u;
  var nan = false;
  for (var c = 0u; c < classes; c++) {
    nan = nan || isNan(${tensor}[start + c]);
    if (${tensor}[start + c] > ${tensor}[start + best]) { best = c; }
  }
  return select(i32(best), -1, nan);
}
`;
}

/** What `correctRow` calls. */
export function argmaxDeclarations(predictions: string, labels: AccuracyLabels): string {
  const ofPredictions = labels === "binary" ? "" : argmaxOf(predictions);
  return `${isNanDeclaration}${ofPredictions}${labels === "categorical" ? argmaxOf("t") : ""}`;
}

/** Assigns what the row adds to `correct`. */
export function correctRow(predictions: string, classes: number, labels: AccuracyLabels): string {
  if (labels === "binary") {
    return `
    for (var c = 0u; c < ${classes}u + zero; c++) {
      let value = ${predictions}[row * ${classes}u + c];
      let same = (value > 0.5) == (t[row * ${classes}u + c] > 0.5);
      correct += select(0.0, 1.0, same && !isNan(value));
    }
    correct /= ${classes}.0;`;
  }
  const label = labels === "sparse" ? "t[row]" : `argmaxOf_t(row * ${classes}u, ${classes}u + zero)`;
  return `
    correct = select(0.0, 1.0, argmaxOf_${predictions}(row * ${classes}u, ${classes}u + zero) == ${label});`;
}

export const accuracy: Kernel<OpAttributes["accuracy"]> = {
  dispatches({ label, attributes, inputs: [predictions, labels], outputs: [correct] }) {
    const classes = predictions!.shape.at(-1)!;
    return [
      rowSums(
        sizeOf(predictions!.shape) / classes,
        correctRow("x", classes, attributes.labels),
        [{ into: "correctSum", from: "correct" }],
        {
          label,
          tensors: { x: reads(predictions!), t: reads(labels!), correctSum: writes(correct!) },
          declarations: argmaxDeclarations("x", attributes.labels),
        },
      ),
    ];
  },
};

export const topKAccuracy: Kernel<OpAttributes["topKAccuracy"]> = {
  dispatches({ label, attributes, inputs: [predictions, labels], outputs: [correct] }) {
    const classes = predictions!.shape.at(-1)!;
    const labelled = attributes.labels === "sparse" ? "t[row]" : `argmaxOf_t(start, ${classes}u + zero)`;
    const row = `
    let start = row * ${classes}u;
    let own = x[start + u32(${labelled})];
    var notBelow = 0u;
    for (var c = 0u; c < ${classes}u + zero; c++) {
      let value = x[start + c];
      if (value > own || isNan(value) || isNan(own)) { notBelow++; }
    }
    correct = select(0.0, 1.0, notBelow < ${attributes.k}u);`;
    return [
      rowSums(sizeOf(predictions!.shape) / classes, row, [{ into: "correctSum", from: "correct" }], {
        label,
        tensors: { x: reads(predictions!), t: reads(labels!), correctSum: writes(correct!) },
        declarations: `${isNanDeclaration}${attributes.labels === "categorical" ? argmaxOf("t") : ""}`,
      }),
    ];
  },
};
