import type { KernelOf } from "./kernel.js";

/** g = min(max(g, -limit), limit); gradients [P] updated */
export const clipByValue: KernelOf<"clipByValue"> = ({ inputs: [gradients], attributes: { limit } }) => {
  const g = gradients!.data;
  for (let i = 0; i < g.length; i++) {
    g[i] = Math.min(Math.max(g[i]!, -limit), limit);
  }
};

/** norm = sqrt(sum of g^2); where norm > limit, g = g * limit / norm; gradients [P] updated */
export const clipByNorm: KernelOf<"clipByNorm"> = ({ inputs: [gradients], attributes: { limit } }) => {
  const g = gradients!.data;
  let squares = 0;
  for (let i = 0; i < g.length; i++) {
    squares += g[i]! * g[i]!;
  }
  const norm = Math.sqrt(squares);
  if (norm > limit) {
    for (let i = 0; i < g.length; i++) {
      g[i] = (g[i]! * limit) / norm;
    }
  }
};
