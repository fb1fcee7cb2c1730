import { sizeOf } from "@convoy/core/backend";
import { labelKinds } from "../program/constants.js";
import { rowBlocks } from "../program/launch.js";
import type { Operand } from "../program/opWriter.js";

/** Elements of one task: few, because each takes an exponential. */
const taskElements = 1024;

/** [rows, classes] of a tensor, and the rows of a task. */
export function lossRows(x: Operand): { rows: number; classes: number; block: number; tasks: number } {
  const classes = x.shape[x.shape.length - 1]!;
  const rows = sizeOf(x.shape) / classes;
  return { rows, classes, ...rowBlocks(rows, classes, taskElements) };
}

/** The number of a kind of labels. */
export function labelKind({ labels }: { readonly labels: keyof typeof labelKinds }): number {
  return labelKinds[labels];
}
