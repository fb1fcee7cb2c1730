import { lastAxis } from "../../ops/checks.js";
import type { KernelOf } from "./kernel.js";

/** loss = sum over rows of w[r] * mean over c of v[r,c]; values [...,C], weights [...] -> [1] */
export const weightedMean: KernelOf<"weightedMean"> = ({ inputs: [values, weights], outputs: [lossSum] }) => {
  const v = values!.data;
  const classes = lastAxis(values!.shape);
  let total = 0;
  for (let r = 0, row = 0; row < v.length; r++, row += classes) {
    let sum = 0;
    for (let i = row; i < row + classes; i++) {
      sum += v[i]!;
    }
    total += ((weights ? weights.data[r]! : 1) * sum) / classes;
  }
  lossSum!.data[0] = total;
};

/** dv[r,c] = scale * w[r] / C; values [...,C], weights [...] -> [...,C] */
export const weightedMeanBackward: KernelOf<"weightedMeanBackward"> = (call) => {
  const [values, weights] = call.inputs;
  const dv = call.outputs[0]!.data;
  const classes = lastAxis(values!.shape);
  for (let r = 0, row = 0; row < dv.length; r++, row += classes) {
    dv.fill((call.attributes.scale * (weights ? weights.data[r]! : 1)) / classes, row, row + classes);
  }
};
