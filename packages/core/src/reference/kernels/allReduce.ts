import type { KernelOf } from "./kernel.js";

/** y[i] = weight x[i]: the sum over a group of one rank; [...] -> [...] */
export const allReduce: KernelOf<"allReduce"> = ({ inputs: [input], outputs: [output], attributes: { weight } }) => {
  const [x, y] = [input!.data, output!.data];
  for (let i = 0; i < y.length; i++) {
    y[i] = weight * x[i]!;
  }
};
