/**
 * counts[label != 0 ? 0 : 1, b] += 1 with b = min(max(ceil(p B) - 1, 0), B - 1), the product rounded to float32.
 *
 * predictions [...], labels [...], counts [2,B] int32 updated. Cost: 8 bytes an element and an atomic addition, of whole numbers:
 * in whatever order, the counts are the same.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { invocations, reads, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const labelHistogram: Kernel<OpAttributes["labelHistogram"]> = {
  dispatches({ label, inputs: [predictions, labels, counts] }) {
    const buckets = counts!.shape[1]!;
    const body = `
    let position = ceil(p[index] * ${buckets}.0) - 1.0;
    // A comparison, as NaN is in the first.
    let bucket = u32(select(0.0, min(position, ${buckets - 1}.0), position > 0.0));
    atomicAdd(&counts[select(bucket, bucket + ${buckets}u, t[index] == 0.0)], 1);`;
    return [
      invocations(sizeOf(predictions!.shape), body, {
        label,
        tensors: { p: reads(predictions!), t: reads(labels!), counts: writes(counts!, "atomic<i32>") },
      }),
    ];
  },
};
