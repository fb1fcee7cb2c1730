import { sizeOf } from "@convoy/core/backend";
import type { OpEncoder, OpWriter } from "../program/opWriter.js";
import { blocks, type Phase, phase, rowBlocks } from "../program/phase.js";

/** Elements that one task adds up. */
const elementsOfTask = 16384;

/** Where tasks leave partial sums, and the phase that adds them up: nothing to add where there is one task. */
export interface Partials {
  readonly address: number;
  readonly finish: readonly Phase[];
}

/** Room for `tasks` rows of `length` float32 sums that end up at `result`. */
export function partialSums(writer: OpWriter, tasks: number, length: number, result: number): Partials {
  if (tasks === 1) {
    return { address: result, finish: [] };
  }
  const address = writer.workspace(tasks * length * 4);
  const { block, tasks: sumTasks } = blocks(length, 256);
  const settings = { x: address, y: result, partials: tasks, stride: length, length, block };
  return { address, finish: [phase("sumPartials", sumTasks, settings)] };
}

/** The sum over rows of [rows, channels] numbers: phases for two stages. */
export function sumOfRows(
  writer: OpWriter,
  x: number,
  result: number,
  rows: number,
  channels: number,
): { first: Phase; finish: readonly Phase[] } {
  const { block, tasks } = rowBlocks(rows, channels, elementsOfTask);
  const partials = partialSums(writer, tasks, channels, result);
  return { first: phase("sumRows", tasks, { x, y: partials.address, rows, channels, block }), finish: partials.finish };
}

export const biasAddBackward: OpEncoder = ({ inputs: [dy], outputs: [db] }, writer) => {
  const channels = sizeOf(db!.shape);
  const rows = sizeOf(dy!.shape) / channels;
  const { first, finish } = sumOfRows(writer, dy!.address, db!.address, rows, channels);
  writer.stage(first);
  writer.stage(...finish);
};

export const clipByNorm: OpEncoder = ({ inputs: [gradients], attributes }, writer) => {
  const length = sizeOf(gradients!.shape);
  const { block, tasks } = blocks(length, elementsOfTask);
  const { limit } = attributes as { limit: number };
  const partials = writer.workspace(tasks * 8);
  const settings = { gradients: gradients!.address, partials, length, block, blocks: tasks, limit };
  writer.stage(phase("sumSquares", tasks, settings));
  writer.stage(phase("scaleToNorm", tasks, settings));
};
