/**
 * The second launch of two over a tensor [R,C] that each channel's sums or statistics are needed for: it merges what the first
 * one has left of its blocks, then takes the elements.
 *
 * Each workgroup merges the blocks of its own channels, all in the same order, so no launch is needed between: on GPUs up to 32
 * channels, whose 256 lanes share out first the blocks and then a block of rows; a lane a channel stores the results. With at most 256
 * workgroups the blocks' states, a hundredth of the tensor or less, are read out of the second-level cache about as often as the
 * tensor's bytes come from memory. On software adapters, where barriers are slow, an invocation merges for itself and takes more rows.
 */

import type { Dispatch } from "./dispatch.js";
import { floats, invocations, type TensorUse, vectorWidth, workgroups } from "./shader.js";
import type { KernelTarget } from "./target.js";

export interface ColumnMerge {
  readonly label: string;
  readonly rows: number;
  readonly columns: number;
  readonly target: KernelTarget;
  /** By the names that the code uses, in vectors of `vectorWidth(columns)`. */
  readonly tensors: Readonly<Record<string, TensorUse>>;
  readonly declarations?: string;
  /** Names of the vectors that make up the state, from 0 on. */
  readonly state: readonly string[];
  /** Whether the state has a number `count` as well. */
  readonly counted?: boolean;
  /** Code that is run once before the merge. */
  readonly begin?: string;
  /** Code: how many states there are. */
  readonly states: string;
  /** Code that declares state `block` of vector `column` under names that end in `Other`. */
  readonly take: string;
  /** Code that merges it. */
  readonly merge: string;
  /** Code that sets what `once` and `each` use, from the merged state. */
  readonly prepare: string;
  /** Code that one invocation a column runs. */
  readonly once: string;
  /** Code for every element `at`; absent where results alone are wanted. */
  readonly each: string | undefined;
}

const [maxLanes, maxColumnLanes, maxWorkgroups, rowsPerLane] = [256, 8, 256, 4];
/** Rows that an invocation takes on software adapters, at least, and blocks of rows there. */
const [rowsPerInvocation, maxSoftwareBlocks] = [128, 64];

export function columnMerge(spec: ColumnMerge): Dispatch {
  const { label, rows, columns, target, tensors, declarations = "", merge, once, each } = spec;
  const width = vectorWidth(columns);
  const vectors = columns / width;
  const type = floats(width);
  const names = [...spec.state, ...(spec.counted ? ["count"] : [])];
  const typeOf = (name: string): string => (name === "count" ? "f32" : type);
  const state = names.map((name) => `var ${name} = ${typeOf(name)}();`).join(" ");
  const walk = (first: string, stride: string): string =>
    `for (var block = ${first}; block < states; block += ${stride}) { ${spec.take} ${merge} }`;
  const elements = (first: string, stride: string): string =>
    each === undefined
      ? ""
      : `for (var row = ${first}; row < end; row += ${stride}) { let at = row * ${vectors}u + column; ${each} }`;
  const cut = (wanted: number): { readonly blocks: number; readonly size: number } => {
    const size = Math.ceil(rows / Math.max(1, each === undefined ? 1 : wanted));
    return { blocks: Math.ceil(rows / size), size };
  };
  const begin = `let states = ${spec.states};
    ${spec.begin ?? ""}
    ${state}`;
  if (target.style === "registers") {
    const { blocks, size } = cut(Math.min(maxSoftwareBlocks, Math.ceil(rows / rowsPerInvocation)));
    const body = `
    let column = index % ${vectors}u;
    let own = index / ${vectors}u;
    ${begin}
    ${walk("0u", "1u")}
    ${spec.prepare}
    if (own == 0u) { ${once} }
    let end = min(own * ${size}u + ${size}u, ${rows}u);
    ${elements(`own * ${size}u`, "1u")}`;
    return invocations(blocks * vectors, body, { label, tensors, declarations });
  }
  const columnGroups = Math.ceil(vectors / maxColumnLanes);
  const columnLanes = Math.ceil(vectors / columnGroups);
  const rowLanes = 2 ** Math.floor(Math.log2(Math.min(maxLanes, target.maxWorkgroupSize) / columnLanes));
  const wanted = Math.min(Math.ceil(maxWorkgroups / columnGroups), Math.ceil(rows / (rowLanes * rowsPerLane)));
  const { blocks, size } = cut(wanted);
  const keep = names.map((name) => `${name}Lanes[lane] = ${name};`).join(" ");
  const others = names.map((name) => `let ${name}Other = ${name}Lanes[lane + half * ${columnLanes}u];`).join(" ");
  const body = `
    // Lanes beyond the last column take it again, as all must come to the barriers; they store nothing.
    let own = group % ${columnGroups}u * ${columnLanes}u + lane % ${columnLanes}u;
    let column = min(own, ${vectors - 1}u);
    let place = group / ${columnGroups}u;
    let rowLane = lane / ${columnLanes}u;
    ${begin}
    ${walk("rowLane", `${rowLanes}u`)}
    ${keep}
    for (var half = ${rowLanes >> 1}u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (rowLane < half) {
        ${others}
        ${merge}
        ${keep}
      }
    }
    workgroupBarrier();
    ${names.map((name) => `${name} = ${name}Lanes[lane % ${columnLanes}u];`).join(" ")}
    if (own < ${vectors}u) {
      ${spec.prepare}
      if (place == 0u && rowLane == 0u) { ${once} }
      let end = min(place * ${size}u + ${size}u, ${rows}u);
      ${elements(`place * ${size}u + rowLane`, `${rowLanes}u`)}
    }`;
  const memory = names.map((name) => `var<workgroup> ${name}Lanes: array<${typeOf(name)}, ${columnLanes * rowLanes}>;`);
  return workgroups(blocks * columnGroups, body, {
    label,
    tensors,
    workgroupSize: columnLanes * rowLanes,
    declarations: `${declarations}${memory.join("\n")}\n`,
  });
}
