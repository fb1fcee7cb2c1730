import type { KernelOf } from "./kernel.js";

/** y[i] = a[i] b[i]; both [...] -> [...] */
export const multiply: KernelOf<"multiply"> = ({ inputs: [a, b], outputs: [output] }) => {
  const [x, z, y] = [a!.data, b!.data, output!.data];
  for (let i = 0; i < y.length; i++) {
    y[i] = x[i]! * z[i]!;
  }
};
