import { sizeOf } from "@convoy/core/backend";
import { type Launch, launch, rowBlocks } from "../program/launch.js";
import type { OpEncoder, OpWriter } from "../program/opWriter.js";
import { partialSums } from "./sumPartials.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;
/** Elements that one task of the gradient adds up. */
const sumElements = 16384;

export const biasAdd: OpEncoder = ({ inputs: [x, bias], outputs: [y] }, writer) => {
  const channels = sizeOf(bias!.shape);
  const rows = sizeOf(x!.shape) / channels;
  const { block, tasks } = rowBlocks(rows, channels, taskElements);
  const args = { x: x!.address, bias: bias!.address, y: y!.address, rows, channels, block };
  writer.stage(launch("biasAdd", tasks, args));
};

/** The sum over the rows of `x` [rows, channels] at `db`: launches for two stages. */
export function biasGradient(
  writer: OpWriter,
  x: number,
  db: number,
  rows: number,
  channels: number,
): { first: Launch; finish: readonly Launch[] } {
  const { block, tasks } = rowBlocks(rows, channels, sumElements);
  const partials = partialSums(writer, tasks, channels, db);
  const args = { x, y: partials.address, rows, channels, block };
  return { first: launch("biasAddBackward", tasks, args), finish: partials.finish };
}

export const biasAddBackward: OpEncoder = ({ inputs: [dy], outputs: [db] }, writer) => {
  const channels = sizeOf(db!.shape);
  const rows = sizeOf(dy!.shape) / channels;
  const { first, finish } = biasGradient(writer, dy!.address, db!.address, rows, channels);
  writer.stage(first);
  writer.stage(...finish);
};
