import { sizeOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

export const labelHistogram: OpEncoder = ({ inputs: [predictions, labels, counts] }, writer) => {
  writer.stage(
    launch("labelHistogram", 1, {
      predictions: predictions!.address,
      labels: labels!.address,
      counts: counts!.address,
      length: sizeOf(predictions!.shape),
      buckets: counts!.shape[1]!,
    }),
  );
};
