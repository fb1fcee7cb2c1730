import { lastAxis } from "../../ops/checks.js";
import type { KernelOf } from "./kernel.js";

/**
 * p = softmax(x); loss = sum over rows of w * sum over c of t[c] * (m + ln(sum over k of e^(x[k] - m)) - x[c])
 *
 * logits [...,C], labels (class numbers [...] or targets [...,C]), weights [...] -> loss [1], probabilities [...,C]. Classes
 * with target 0 are left out, so a probability that rounds to 0 costs nothing there.
 */
export const softmaxCrossEntropy: KernelOf<"softmaxCrossEntropy"> = (call) => {
  const [logits, labels, weights] = call.inputs;
  const [lossSum, probabilities] = call.outputs;
  const [x, t, p] = [logits!.data, labels!.data, probabilities!.data];
  const sparse = call.attributes.labels === "sparse";
  const classes = lastAxis(logits!.shape);
  const exponentials = new Float64Array(classes);
  let total = 0;
  for (let r = 0, row = 0; row < x.length; r++, row += classes) {
    let largest = x[row]!;
    for (let c = 1; c < classes; c++) {
      largest = Math.max(largest, x[row + c]!);
    }
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      exponentials[c] = Math.exp(x[row + c]! - largest);
      sum += exponentials[c]!;
    }
    const logSum = largest + Math.log(sum);
    let loss = 0;
    for (let c = 0; c < classes; c++) {
      p[row + c] = exponentials[c]! / sum;
      const target = sparse ? Number(t[r] === c) : t[row + c]!;
      if (target !== 0) {
        loss += target * (logSum - x[row + c]!);
      }
    }
    total += weights ? weights.data[r]! * loss : loss;
  }
  lossSum!.data[0] = total;
};

/**
 * dx[r,c] = scale * w[r] * (p[r,c] * sum over k of t[r,k] - t[r,c])
 *
 * probabilities [...,C], labels (class numbers [...] or targets [...,C]), weights [...] -> [...,C]
 */
export const softmaxCrossEntropyBackward: KernelOf<"softmaxCrossEntropyBackward"> = (call) => {
  const [probabilities, labels, weights] = call.inputs;
  const [p, t, dx] = [probabilities!.data, labels!.data, call.outputs[0]!.data];
  const sparse = call.attributes.labels === "sparse";
  const classes = lastAxis(probabilities!.shape);
  for (let r = 0, row = 0; row < dx.length; r++, row += classes) {
    const factor = call.attributes.scale * (weights ? weights.data[r]! : 1);
    let targetSum = 1;
    if (!sparse) {
      targetSum = 0;
      for (let c = 0; c < classes; c++) {
        targetSum += t[row + c]!;
      }
    }
    for (let c = 0; c < classes; c++) {
      const target = sparse ? Number(t[r] === c) : t[row + c]!;
      dx[row + c] = factor * (p[row + c]! * targetSum - target);
    }
  }
};
