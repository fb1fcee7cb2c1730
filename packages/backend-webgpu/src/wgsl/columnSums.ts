/**
 * sums[c] = sum over rows of x[r,c], or of x[r,c] f'(y[r,c]) behind an activation; [R,C] -> [C], in a fixed order.
 *
 * Cost: 4 R C bytes (8 with y). Rows are split into blocks that are summed side by side into the workspace [B,C], then the
 * B sums of each column are added up; few rows are summed at once.
 */

import type { OpAttributes, PlanValue } from "@convoy/core/backend";
import { slopeDeclaration } from "./activation.js";
import type { BlockSum } from "./blockSums.js";
import type { Dispatch } from "./dispatch.js";
import { floats, invocations, mapped, reads, vectorWidth, writes } from "./shader.js";

/** Rows that one invocation sums. */
const rowsPerBlock = 128;
/** Enough blocks to fill a GPU; more only lengthen the second sum. */
const maxBlocks = 256;

export interface ColumnSumsSpec {
  readonly label: string;
  /** [R,C] */
  readonly input: PlanValue;
  /** The activation's attributes and output, whose derivative is multiplied in. */
  readonly slope?: { readonly attributes: OpAttributes["unary"]; readonly output: PlanValue };
  readonly rows: number;
  readonly columns: number;
  readonly sums: PlanValue;
  /** The workspace, where one is needed. */
  readonly partial: PlanValue | undefined;
}

function blocksOf(rows: number): number {
  const size = Math.ceil(rows / Math.min(maxBlocks, Math.ceil(rows / rowsPerBlock)));
  return Math.ceil(rows / size);
}

/** Workspace in float32 numbers. */
export function columnSumScratch(rows: number, columns: number): number {
  const blocks = blocksOf(rows);
  return blocks > 1 ? blocks * columns : 0;
}

/** The first launch, and the sum over blocks that is left to do. */
export function columnSums(spec: ColumnSumsSpec): { readonly dispatch: Dispatch; readonly sum?: BlockSum } {
  const { label, input, slope, rows, columns, sums, partial } = spec;
  const blocks = partial ? blocksOf(rows) : 1;
  const size = Math.ceil(rows / blocks);
  const width = vectorWidth(columns);
  const type = floats(width);
  const vectors = columns / width;
  const body = `
    let column = index % ${vectors}u;
    let first = index / ${vectors}u * ${size}u;
    let end = min(first + ${size}u, ${rows}u);
    var sum = ${type}();
    for (var row = first; row < end; row++) {
      let at = row * ${vectors}u + column;
      sum += x[at]${slope ? ` * ${mapped("slope", "y[at]", width)}` : ""};
    }
    sums[index] = sum;`;
  const dispatch = invocations(blocks * vectors, body, {
    label,
    tensors: {
      x: reads(input, type),
      ...(slope ? { y: reads(slope.output, type) } : {}),
      sums: writes(partial ?? sums, type),
    },
    declarations: slope ? slopeDeclaration(slope.attributes) : "",
  });
  return { dispatch, ...(partial ? { sum: { partial, blocks, output: sums } } : {}) };
}
