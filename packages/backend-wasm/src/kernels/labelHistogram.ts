import { sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task. */
const taskElements = 16384;
/** Tasks at most: each has counts of its own. */
const maxTasks = 16;
/** Counts of one task that adds them up. */
const sumElements = 1024;

export const labelHistogram: OpEncoder = ({ inputs: [predictions, labels, counts] }, writer) => {
  const length = sizeOf(predictions!.shape);
  const buckets = counts!.shape[1]!;
  const { block, tasks } = elementBlocks(length, Math.max(taskElements, length / maxTasks));
  const places = { predictions: predictions!.address, labels: labels!.address };
  if (tasks === 1) {
    const target = { counts: counts!.address, partial: 0 };
    writer.stage(launch("labelHistogram", 1, { ...places, ...target, length, block, buckets }));
    return;
  }
  const partials = writer.workspace(tasks * 2 * buckets * 4);
  writer.stage(launch("labelHistogram", tasks, { ...places, counts: partials, partial: 1, length, block, buckets }));
  const sums = elementBlocks(2 * buckets, sumElements);
  const target = { partials, counts: counts!.address, rows: tasks, length: 2 * buckets, block: sums.block };
  writer.stage(launch("sumCounts", sums.tasks, target));
};
