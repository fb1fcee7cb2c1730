import type { KernelOf } from "./kernel.js";

/** y[i] = scale x[i] + offset; [...] -> [...] */
export const affine: KernelOf<"affine"> = ({ inputs: [input], outputs: [output], attributes: { scale, offset } }) => {
  const [x, y] = [input!.data, output!.data];
  for (let i = 0; i < y.length; i++) {
    y[i] = scale * x[i]! + offset;
  }
};
