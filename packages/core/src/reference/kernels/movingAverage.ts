import type { KernelOf } from "./kernel.js";

/** state = momentum state + (1 - momentum) value; state [P], value [P]; state updated */
export const movingAverage: KernelOf<"movingAverage"> = ({ inputs: [state, value], attributes: { momentum } }) => {
  const [s, v] = [state!.data, value!.data];
  for (let i = 0; i < s.length; i++) {
    s[i] = momentum * s[i]! + (1 - momentum) * v[i]!;
  }
};
