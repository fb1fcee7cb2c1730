/**
 * One result for each column of a tensor [R,C], out of all rows, in a fixed order: sums, means, variances.
 *
 * On GPUs a workgroup takes neighbouring columns and a block of rows: its lanes walk every so many rows, then are merged pairwise
 * in workgroup memory. On software adapters, where barriers are slow, an invocation takes a block by itself. Blocks are merged
 * by a second launch of the same form over what the first has left in the workspace [blocks, state, C].
 *
 * Cost: each tensor once, in vectors along the columns; the blocks' states are few.
 */

import { type PlanValue, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "./dispatch.js";
import { floats, invocations, reads, type TensorUse, vectorWidth, workgroups, writes } from "./shader.js";
import type { KernelTarget } from "./target.js";

/** How rows and columns are dealt out. */
interface ColumnLayout {
  /** Columns of a vector, and vectors in a row. */
  readonly width: 1 | 2 | 4;
  readonly vectors: number;
  /** Lanes of a workgroup along the columns and along the rows; one row lane: no workgroups. */
  readonly columnLanes: number;
  readonly rowLanes: number;
  readonly blocks: number;
  readonly rowsPerBlock: number;
}

export interface ColumnReduction {
  readonly label: string;
  readonly rows: number;
  readonly columns: number;
  /** The columns that a vector may span; default: all. */
  readonly neighbours?: number;
  readonly target: KernelTarget;
  /** Tensors that are read, by the names that the code uses, given the type of vectors. */
  tensors(type: "f32" | "vec2f" | "vec4f"): Readonly<Record<string, TensorUse>>;
  /** Tensors that `finish` writes. */
  results(type: "f32" | "vec2f" | "vec4f"): Readonly<Record<string, TensorUse>>;
  /** Names of the vectors that make up the state, from 0 on. */
  readonly state: readonly string[];
  /** Whether the state has the number of rows as well, as `count`. */
  readonly counted?: boolean;
  /** Functions that `walk` and `finish` call. */
  readonly declarations?: string;
  /** Code that adds rows `first`, `first + stride`, ... below `end` of vector `column` to the state; `vectors` is a row's length. */
  walk(layout: { readonly vectors: number; readonly type: string }): string;
  /** Code that merges another state, whose names end in `Other`, into this one. */
  readonly merge: string;
  /** Code that writes the results of vector `column` from the state. */
  readonly finish: string;
  /** The workspace, where `columnReductionScratch` is not 0; without one all rows are one block. */
  readonly partial: PlanValue | undefined;
}

/** Rows that a lane walks at least, and workgroups that fill a GPU; rows of a block on software adapters, and blocks there. */
const [rowsPerLane, maxWorkgroups] = [8, 512];
const [rowsPerSoftwareBlock, maxSoftwareBlocks] = [128, 64];
const maxLanes = 256;
const maxColumnLanes = 32;

function layoutOf(rows: number, columns: number, neighbours: number, target: KernelTarget): ColumnLayout {
  const width = vectorWidth(neighbours);
  const vectors = columns / width;
  const cut = (wanted: number): { blocks: number; rowsPerBlock: number } => {
    const rowsPerBlock = Math.ceil(rows / Math.max(1, wanted));
    return { blocks: Math.ceil(rows / rowsPerBlock), rowsPerBlock };
  };
  if (target.style === "registers") {
    const blocks = Math.min(maxSoftwareBlocks, Math.ceil(rows / rowsPerSoftwareBlock));
    return { width, vectors, columnLanes: vectors, rowLanes: 1, ...cut(blocks) };
  }
  const columnGroups = Math.ceil(vectors / maxColumnLanes);
  const columnLanes = Math.ceil(vectors / columnGroups);
  const lanes = Math.min(maxLanes, target.maxWorkgroupSize);
  const rowLanes = 2 ** Math.floor(Math.log2(Math.max(2, Math.min(lanes / columnLanes, rows))));
  const blocks = Math.min(Math.ceil(maxWorkgroups / columnGroups), Math.ceil(rows / (rowLanes * rowsPerLane)));
  return { width, vectors, columnLanes, rowLanes, ...cut(blocks) };
}

/** Workspace in float32 numbers for a state of so many vectors. */
export function columnReductionScratch(
  { rows, columns, neighbours = columns, target }: Pick<ColumnReduction, "rows" | "columns" | "neighbours" | "target">,
  states: number,
): number {
  const { blocks } = layoutOf(rows, columns, neighbours, target);
  return blocks > 1 ? blocks * states * columns : 0;
}

/** The launches: one, or two where there are several blocks. */
export function columnReduction(spec: ColumnReduction): Dispatch[] {
  const { label, rows, columns, neighbours = columns, target, state, counted, merge, finish, partial } = spec;
  const layout = layoutOf(rows, columns, neighbours, target);
  const { vectors, blocks, rowsPerBlock } = layout;
  const type = floats(layout.width);
  const place = (at: number): string => `(block * ${state.length}u + ${at}u) * ${vectors}u + column`;
  const walk = spec.walk({ vectors, type });
  const { declarations = "" } = spec;
  if (partial === undefined) {
    const tensors = { ...spec.tensors(type), ...spec.results(type) };
    return [launch(spec, layout, { label, rows, size: rows, blocks: 1, walk, end: finish, tensors, declarations })];
  }
  const left = state.map((name, at) => `partial[${place(at)}] = ${name};`).join(" ");
  const taken = state.map((name, at) => `let ${name}Other = partial[${place(at)}];`).join(" ");
  const count = counted ? `let countOther = f32(min(${rowsPerBlock}u, ${rows}u - block * ${rowsPerBlock}u));` : "";
  const again = `for (var block = first; block < end; block += stride) { ${taken} ${count} ${merge} }`;
  const second = target.style === "registers" ? layout : layoutOf(blocks, columns, neighbours, target);
  return [
    launch(spec, layout, {
      label: `${label}, blocks`,
      rows,
      size: rowsPerBlock,
      blocks,
      walk,
      end: left,
      tensors: { ...spec.tensors(type), partial: writes(partial, type) },
      declarations,
    }),
    launch(spec, second, {
      label: `${label}, merge`,
      rows: blocks,
      size: blocks,
      blocks: 1,
      walk: again,
      end: finish,
      tensors: { partial: reads(partial, type), ...finishTensors(spec, type) },
      declarations,
    }),
  ];
}

/** The first launch of two alone: what it leaves of its blocks is merged by a second one of another form. */
export interface ColumnBlocks
  extends Pick<
    ColumnReduction,
    "label" | "rows" | "columns" | "target" | "state" | "counted" | "declarations" | "walk" | "merge"
  > {
  /** Tensors that are read or written, by the names that the code uses, given the type of vectors. */
  tensors(type: "f32" | "vec2f" | "vec4f"): Readonly<Record<string, TensorUse>>;
  /** Code that stores the state of block `block` for vector `column`. */
  readonly leave: string;
}

/** More blocks than this take longer to merge than they save, where every workgroup of the second launch merges them. */
const maxLeftBlocks = 256;

/** The layout of `columnBlocks`. */
function blockLayout({ rows, columns, target }: Pick<ColumnReduction, "rows" | "columns" | "target">): ColumnLayout {
  const layout = layoutOf(rows, columns, columns, target);
  const rowsPerBlock = Math.max(layout.rowsPerBlock, Math.ceil(rows / maxLeftBlocks));
  return { ...layout, rowsPerBlock, blocks: Math.ceil(rows / rowsPerBlock) };
}

/** How many blocks `columnBlocks` leaves. */
export function leftBlocks(spec: Pick<ColumnReduction, "rows" | "columns" | "target">): number {
  return blockLayout(spec).blocks;
}

export function columnBlocks(spec: ColumnBlocks): Dispatch {
  const { label, rows, leave, declarations = "" } = spec;
  const layout = blockLayout(spec);
  const { width, vectors, blocks, rowsPerBlock } = layout;
  const type = floats(width);
  return launch(spec, layout, {
    label,
    rows,
    size: rowsPerBlock,
    blocks,
    walk: spec.walk({ vectors, type }),
    end: leave,
    tensors: spec.tensors(type),
    declarations,
  });
}

/** What `finish` uses: the results, and of the tensors that are read those that it names. */
function finishTensors(spec: ColumnReduction, type: "f32" | "vec2f" | "vec4f"): Record<string, TensorUse> {
  const named = Object.entries(spec.tensors(type)).filter(([name]) => new RegExp(`\\b${name}\\b`).test(spec.finish));
  return { ...Object.fromEntries(named), ...spec.results(type) };
}

interface Launch {
  readonly label: string;
  readonly rows: number;
  /** Rows of a block. */
  readonly size: number;
  readonly blocks: number;
  readonly walk: string;
  /** What is done with the state. */
  readonly end: string;
  readonly tensors: Readonly<Record<string, TensorUse>>;
  readonly declarations: string;
}

function launch(
  spec: Pick<ColumnReduction, "state" | "counted" | "merge">,
  layout: ColumnLayout,
  one: Launch,
): Dispatch {
  const { width, vectors, columnLanes, rowLanes } = layout;
  const { label, rows, size, blocks, walk, end, tensors, declarations } = one;
  const type = floats(width);
  const names = [...spec.state, ...(spec.counted ? ["count"] : [])];
  const typeOf = (name: string): string => (name === "count" ? "f32" : type);
  const state = names.map((name) => `var ${name} = ${typeOf(name)}();`).join(" ");
  const ends = `let end = min(block * ${size}u + ${size}u, ${rows}u);`;
  if (rowLanes === 1) {
    const body = `
    let column = index % ${vectors}u;
    let block = index / ${vectors}u;
    let stride = 1u;
    let first = block * ${size}u;
    ${ends}
    ${state}
    ${walk}
    ${end}`;
    return invocations(blocks * vectors, body, { label, tensors, declarations });
  }
  const columnGroups = Math.ceil(vectors / columnLanes);
  const memory = names.map((name) => `var<workgroup> ${name}Lanes: array<${typeOf(name)}, ${columnLanes * rowLanes}>;`);
  const keep = names.map((name) => `${name}Lanes[lane] = ${name};`).join(" ");
  const others = names.map((name) => `let ${name}Other = ${name}Lanes[lane + half * ${columnLanes}u];`).join(" ");
  const body = `
  let block = group / ${columnGroups}u;
  let column = group % ${columnGroups}u * ${columnLanes}u + lane % ${columnLanes}u;
  let rowLane = lane / ${columnLanes}u;
  let stride = ${rowLanes}u;
  let first = block * ${size}u + rowLane;
  ${ends}
  ${state}
  if (column < ${vectors}u) {
    ${walk}
  }
  ${keep}
  for (var half = ${rowLanes >> 1}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (rowLane < half) {
      ${others}
      ${spec.merge}
      ${keep}
    }
  }
  if (rowLane == 0u && column < ${vectors}u) {
    ${end}
  }`;
  return workgroups(blocks * columnGroups, body, {
    label,
    tensors,
    workgroupSize: columnLanes * rowLanes,
    declarations: `${declarations}${memory.join("\n")}\n`,
  });
}

/** sums[c] = sum over rows of x[r,c]; [R,C] -> [C], in one launch: for few rows. */
export function sumOfRows(label: string, x: PlanValue, sums: PlanValue, rows: number, target: KernelTarget): Dispatch {
  const [dispatch] = columnReduction({
    label,
    rows,
    columns: sizeOf(sums.shape),
    target,
    tensors: (type) => ({ x: reads(x, type) }),
    results: (type) => ({ sums: writes(sums, type) }),
    state: ["sum"],
    walk: ({ vectors }) => `for (var row = first; row < end; row += stride) { sum += x[row * ${vectors}u + column]; }`,
    merge: "sum += sumOther;",
    finish: "sums[column] = sum;",
    partial: undefined,
  });
  return dispatch!;
}
