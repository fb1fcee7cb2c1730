import { elementBlocks, type Launch, launch } from "../program/launch.js";
import type { OpWriter } from "../program/opWriter.js";

/** Columns of one task. */
const taskColumns = 256;

/** Where tasks leave partial sums, and the launch that adds them up: nothing to add where there is one task. */
export interface Partials {
  readonly address: number;
  readonly finish: readonly Launch[];
}

/** Room for `tasks` rows of `length` float32 sums that end up at `result`. */
export function partialSums(writer: OpWriter, tasks: number, length: number, result: number): Partials {
  if (tasks === 1) {
    return { address: result, finish: [] };
  }
  const address = writer.workspace(tasks * length * 4);
  const { block, tasks: sumTasks } = elementBlocks(length, taskColumns);
  const args = { x: address, y: result, partials: tasks, stride: length, length, block };
  return { address, finish: [launch("sumPartials", sumTasks, args)] };
}
