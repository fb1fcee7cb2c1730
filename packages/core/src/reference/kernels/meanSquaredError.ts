import { lastAxis } from "../../ops/checks.js";
import type { KernelOf } from "./kernel.js";

/** loss = sum over rows of w * mean over c of (x[c] - t[c])^2; predictions [...,C], targets [...,C], weights [...] -> [1] */
export const meanSquaredError: KernelOf<"meanSquaredError"> = (call) => {
  const [predictions, targets, weights] = call.inputs;
  const [x, t] = [predictions!.data, targets!.data];
  const classes = lastAxis(predictions!.shape);
  let total = 0;
  for (let r = 0, row = 0; row < x.length; r++, row += classes) {
    let loss = 0;
    for (let i = row; i < row + classes; i++) {
      loss += (x[i]! - t[i]!) ** 2;
    }
    total += ((weights ? weights.data[r]! : 1) * loss) / classes;
  }
  call.outputs[0]!.data[0] = total;
};

/** dx[r,c] = scale * w[r] * 2 (x[r,c] - t[r,c]) / C; predictions [...,C], targets [...,C], weights [...] -> [...,C] */
export const meanSquaredErrorBackward: KernelOf<"meanSquaredErrorBackward"> = (call) => {
  const [predictions, targets, weights] = call.inputs;
  const [x, t, dx] = [predictions!.data, targets!.data, call.outputs[0]!.data];
  const classes = lastAxis(predictions!.shape);
  for (let r = 0, row = 0; row < dx.length; r++, row += classes) {
    const factor = (2 * call.attributes.scale * (weights ? weights.data[r]! : 1)) / classes;
    for (let i = row; i < row + classes; i++) {
      dx[i] = factor * (x[i]! - t[i]!);
    }
  }
};
