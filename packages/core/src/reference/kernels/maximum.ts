import type { KernelOf } from "./kernel.js";

/** y[i] = max(a[i], b[i]); both [...] -> [...] */
export const maximum: KernelOf<"maximum"> = ({ inputs: [a, b], outputs: [output] }) => {
  const [x, z, y] = [a!.data, b!.data, output!.data];
  for (let i = 0; i < y.length; i++) {
    y[i] = Math.max(x[i]!, z[i]!);
  }
};

/** dx[i] = dy[i] where this input was taken (a where a[i] >= b[i]), else 0; outputGradient, a, b [...] -> [...] */
export const maximumBackward: KernelOf<"maximumBackward"> = ({ inputs, outputs: [inputGradient], attributes }) => {
  const [dy, a, b] = inputs.map(({ data }) => data);
  const dx = inputGradient!.data;
  const ofA = attributes.input === 0;
  for (let i = 0; i < dx.length; i++) {
    dx[i] = a![i]! >= b![i]! === ofA ? dy![i]! : 0;
  }
};
