/**
 * p = softmax(x); loss = sum over rows of w[r] * sum over c of t[r,c] (m + ln(sum over k of e^(x[r,k] - m)) - x[r,c]), and its
 * gradient dx[r,c] = scale w[r] (p[r,c] sum over k of t[r,k] - t[r,c]).
 *
 * logits [...,C], labels (class numbers [...] or targets [...,C]), weights [...] -> loss [1], probabilities [...,C]. Classes
 * with target 0 are left out, so a probability that rounds to 0 costs nothing there. Cost: about 12 bytes an element.
 *
 * `fusedSoftmaxLoss` is loss, accuracy and gradient in one launch: a row is read once.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  bytesOf,
  type OpAttributes,
  type PlanValue,
  partOf,
  sizeOf,
} from "@convoy/core/backend";
import type { Dispatch } from "../wgsl/dispatch.js";
import { rowSums } from "../wgsl/rowSums.js";
import { float, invocations, reads, type TensorUse, writes } from "../wgsl/shader.js";
import { argmaxDeclarations, correctRow } from "./accuracy.js";
import { type Kernel, scratch } from "./kernel.js";
import { exponentialDeclaration, softmaxRow } from "./softmax.js";

type LabelKind = OpAttributes["softmaxCrossEntropy"]["labels"];

/** Adds the row's loss, weighted, to nothing: assigns it to `loss`. */
function lossRow(classes: number, labels: LabelKind, weighted: boolean): string {
  const sum =
    labels === "sparse"
      ? `loss = logSum - x[start + u32(t[row])];`
      : `for (var c = 0u; c < ${classes}u + zero; c++) {
      let share = t[start + c];
      if (share != 0.0) { loss += share * (logSum - x[start + c]); }
    }`;
  return `${softmaxRow(classes)}
    let logSum = largest + log(total);
    ${sum}
    ${weighted ? "loss *= w[row];" : ""}`;
}

/** Writes the row's gradient from its probabilities. */
function gradientRow(classes: number, labels: LabelKind, weighted: boolean, scale: number): string {
  const factor = `${float(scale)}${weighted ? " * w[row]" : ""}`;
  const targets =
    labels === "sparse"
      ? { sum: "let targetSum = 1.0;", target: "select(0.0, 1.0, u32(t[row]) == c)" }
      : {
          sum: `var targetSum = 0.0; for (var c = 0u; c < ${classes}u + zero; c++) { targetSum += t[start + c]; }`,
          target: "t[start + c]",
        };
  return `
    ${targets.sum}
    for (var c = 0u; c < ${classes}u + zero; c++) {
      dx[start + c] = ${factor} * (p[start + c] * targetSum - ${targets.target});
    }`;
}

export const softmaxCrossEntropy: Kernel<OpAttributes["softmaxCrossEntropy"]> = {
  dispatches({ label, attributes, inputs: [logits, labels, weights], outputs: [lossSum, probabilities] }) {
    const classes = logits!.shape.at(-1)!;
    const rows = sizeOf(logits!.shape) / classes;
    const row = lossRow(classes, attributes.labels, weights !== undefined);
    return [
      rowSums(rows, row, [{ into: "lossSum", from: "loss" }], {
        label,
        tensors: {
          x: reads(logits!),
          t: reads(labels!),
          ...(weights ? { w: reads(weights) } : {}),
          lossSum: writes(lossSum!),
          p: writes(probabilities!),
        },
        declarations: exponentialDeclaration,
      }),
    ];
  },
};

export const softmaxCrossEntropyBackward: Kernel<OpAttributes["softmaxCrossEntropyBackward"]> = {
  dispatches({ label, attributes, inputs: [probabilities, labels, weights], outputs: [gradient] }) {
    const classes = probabilities!.shape.at(-1)!;
    const row = gradientRow(classes, attributes.labels, weights !== undefined, attributes.scale);
    return [
      invocations(sizeOf(probabilities!.shape) / classes, `let row = index; let start = row * ${classes}u;${row}`, {
        label,
        tensors: {
          p: reads(probabilities!),
          t: reads(labels!),
          ...(weights ? { w: reads(weights) } : {}),
          dx: writes(gradient!),
        },
      }),
    ];
  },
};

/** softmaxCrossEntropy [accuracy] [softmaxCrossEntropyBackward] over the same labels. */
export const fusedSoftmaxLoss: Kernel<Attributes> = {
  supports({ parts }) {
    const kinds = new Set(parts!.map(({ attributes }) => attributes.labels));
    const names = parts!.map(({ op }) => op);
    return (kinds.size === 1 && new Set(names).size === names.length) || "parts over labels of different kinds";
  },
  // Probabilities that nothing else reads need a place while their row is worked on.
  workspaceBytes: ({ inputs: [logits] }) => bytesOf(logits!),
  dispatches(call): Dispatch[] {
    const { label } = call;
    const loss = partOf(call, "softmaxCrossEntropy")!;
    const accuracy = partOf(call, "accuracy");
    const backward = partOf(call, "softmaxCrossEntropyBackward");
    const [logits, labels, weights] = loss.inputs;
    const [lossSum, probabilities] = loss.outputs;
    const classes = logits!.shape.at(-1)!;
    const { labels: kind } = attributesOf("softmaxCrossEntropy", loss);
    const weighted = weights !== undefined;
    const tensors: Record<string, TensorUse> = {
      x: reads(logits!),
      t: reads(labels!),
      ...(weighted ? { w: reads(weights) } : {}),
      lossSum: writes(lossSum!),
    };
    tensors.p = writes(
      probabilities!.buffer === undefined
        ? scratch(call, "probabilities", 0, sizeOf(probabilities!.shape))
        : probabilities!,
    );
    if (accuracy) {
      tensors.correctSum = writes(accuracy.outputs[0]!);
    }
    if (backward) {
      tensors.dx = writes(backward.outputs[0]!);
    }
    const code = [
      lossRow(classes, kind, weighted),
      accuracy ? correctRow("p", classes, kind) : "",
      backward ? fusedGradientRow(backward, classes) : "",
    ].join("\n");
    const sums = [{ into: "lossSum", from: "loss" }, ...(accuracy ? [{ into: "correctSum", from: "correct" }] : [])];
    return [
      rowSums(sizeOf(logits!.shape) / classes, code, sums, {
        label,
        tensors,
        declarations: `${exponentialDeclaration}${accuracy ? argmaxDeclarations("p", kind) : ""}`,
      }),
    ];
  },
};

function fusedGradientRow(backward: BoundOp<PlanValue>, classes: number): string {
  const { labels, scale } = attributesOf("softmaxCrossEntropyBackward", backward);
  return gradientRow(classes, labels, backward.inputs[2] !== undefined, scale);
}
