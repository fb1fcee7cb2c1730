import type { KernelOf } from "./kernel.js";

/**
 * counts[label != 0 ? 0 : 1, b] += 1 with b = min(max(ceil(p B) - 1, 0), B - 1)
 *
 * predictions [...], labels [...], counts [2,B] int32; counts updated
 */
export const labelHistogram: KernelOf<"labelHistogram"> = ({ inputs: [predictions, labels, counts] }) => {
  const [p, t, c] = [predictions!.data, labels!.data, counts!.data];
  const buckets = counts!.shape[1]!;
  for (let i = 0; i < p.length; i++) {
    // Rounded as everywhere: it decides where a number at a bound belongs.
    const position = Math.ceil(Math.fround(p[i]! * buckets)) - 1;
    const bucket = position > 0 ? Math.min(position, buckets - 1) : 0;
    c[(t[i] === 0 ? buckets : 0) + bucket]!++;
  }
};
