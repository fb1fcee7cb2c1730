import type { KernelOf } from "./kernel.js";

/** loss = scale * sum of l1 |w[i]| + l2 w[i]^2; parameters [...] -> [1] */
export const penalty: KernelOf<"penalty"> = ({ inputs: [parameters], outputs: [lossSum], attributes }) => {
  const w = parameters!.data;
  const { l1, l2, scale } = attributes;
  let total = 0;
  for (let i = 0; i < w.length; i++) {
    total += l1 * Math.abs(w[i]!) + l2 * w[i]! * w[i]!;
  }
  lossSum!.data[0] = scale * total;
};

/** dw[i] = scale * (l1 sign(w[i]) + 2 l2 w[i]); parameters [...] -> [...] */
export const penaltyBackward: KernelOf<"penaltyBackward"> = (call) => {
  const [w, dw] = [call.inputs[0]!.data, call.outputs[0]!.data];
  const { l1, l2, scale } = call.attributes;
  for (let i = 0; i < dw.length; i++) {
    dw[i] = scale * (l1 * Math.sign(w[i]!) + 2 * l2 * w[i]!);
  }
};
