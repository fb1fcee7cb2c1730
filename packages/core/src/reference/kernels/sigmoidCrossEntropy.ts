import { lastAxis } from "../../ops/checks.js";
import type { KernelOf } from "./kernel.js";

/**
 * p = sigmoid(x); loss = sum over rows of w * mean over c of max(x, 0) - x t + ln(1 + e^-|x|)
 *
 * logits [...,C], targets [...,C], weights [...] -> loss [1], probabilities [...,C]
 */
export const sigmoidCrossEntropy: KernelOf<"sigmoidCrossEntropy"> = (call) => {
  const [logits, targets, weights] = call.inputs;
  const [lossSum, probabilities] = call.outputs;
  const [x, t, p] = [logits!.data, targets!.data, probabilities!.data];
  const classes = lastAxis(logits!.shape);
  let total = 0;
  for (let r = 0, row = 0; row < x.length; r++, row += classes) {
    let loss = 0;
    for (let i = row; i < row + classes; i++) {
      loss += Math.max(x[i]!, 0) - x[i]! * t[i]! + Math.log1p(Math.exp(-Math.abs(x[i]!)));
      p[i] = 1 / (1 + Math.exp(-x[i]!));
    }
    total += ((weights ? weights.data[r]! : 1) * loss) / classes;
  }
  lossSum!.data[0] = total;
};

/** dx[r,c] = scale * w[r] * (p[r,c] - t[r,c]) / C; probabilities [...,C], targets [...,C], weights [...] -> [...,C] */
export const sigmoidCrossEntropyBackward: KernelOf<"sigmoidCrossEntropyBackward"> = (call) => {
  const [probabilities, targets, weights] = call.inputs;
  const [p, t, dx] = [probabilities!.data, targets!.data, call.outputs[0]!.data];
  const classes = lastAxis(probabilities!.shape);
  for (let r = 0, row = 0; row < dx.length; r++, row += classes) {
    const factor = (call.attributes.scale * (weights ? weights.data[r]! : 1)) / classes;
    for (let i = row; i < row + classes; i++) {
      dx[i] = factor * (p[i]! - t[i]!);
    }
  }
};
