/**
 * Text of kernels in which every group of channels of every sample is one unit of work: its numbers are walked once for sums
 * and once more, out of caches, for what is made of them. Tensors [N,...,C]; group g has channels g C / groups and following.
 *
 * On GPUs the lanes of a workgroup share out the numbers of a group; small groups go to a workgroup side by side. Lanes are
 * merged pairwise in workgroup memory. On software adapters an invocation takes a group.
 */

import { type Shape, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "./dispatch.js";
import { invocations, type ShaderSpec, vectorWidth, workgroups } from "./shader.js";
import type { KernelTarget } from "./target.js";

export interface GroupGeometry {
  /** Groups of all samples: statistics are numbered n * groups + g. */
  readonly count: number;
  readonly groups: number;
  readonly positions: number;
  readonly channels: number;
  readonly width: 1 | 2 | 4;
  /** Vectors of a position, of a group at a position, and of a group. */
  readonly rowVectors: number;
  readonly groupVectors: number;
  readonly size: number;
  /** Numbers of a group. */
  readonly numbers: number;
}

export function groupGeometry(shape: Shape, groups: number): GroupGeometry {
  const channels = shape.at(-1)!;
  const positions = sizeOf(shape.slice(1, -1));
  const width = vectorWidth(channels / groups);
  const groupVectors = channels / groups / width;
  return {
    count: shape[0]! * groups,
    groups,
    positions,
    channels,
    width,
    rowVectors: channels / width,
    groupVectors,
    size: positions * groupVectors,
    numbers: positions * groupVectors * width,
  };
}

/** Code: where vector `i` of the group lies, from its `start` on. */
export function placeInGroup({ rowVectors, groupVectors }: GroupGeometry, i: string): string {
  if (rowVectors === groupVectors) {
    return `start + ${i}`;
  }
  return groupVectors === 1
    ? `start + ${i} * ${rowVectors}u`
    : `start + ${i} / ${groupVectors}u * ${rowVectors}u + ${i} % ${groupVectors}u`;
}

export interface GroupWork {
  /** Names of the numbers that make up the state, from 0 on. */
  readonly state: readonly string[];
  /** Code that adds vectors `first`, `first + stride`, ... below `end` of group `which`, which begins at `start`, to the state. */
  walk(stride: string): string;
  /** Code that merges another state, whose names end in `Other`, into this one. */
  readonly merge: string;
  /** Code that is run once a group, with the state of all its numbers. */
  readonly once?: string;
  /** Code that sets what `each` uses. */
  readonly prepare: string;
  /** Code for every place `at` of the group, vector `i` of it with channels `channel`. */
  readonly each: string;
}

const [maxLanes, sideBySideLanes] = [256, 64];

/** One launch over all groups. */
export function groupLaunch(
  geometry: GroupGeometry,
  work: GroupWork,
  target: KernelTarget,
  spec: ShaderSpec,
): Dispatch {
  const { count, groups, positions, rowVectors, groupVectors, size } = geometry;
  const { state, merge, once = "", prepare, each } = work;
  const half = 2 ** Math.floor(Math.log2(Math.min(maxLanes, target.maxWorkgroupSize, size)));
  const lanes = target.style === "registers" ? 1 : half;
  const begin = `let start = which / ${groups}u * ${positions * rowVectors}u + which % ${groups}u * ${groupVectors}u;
  ${state.map((name) => `var ${name} = 0.0;`).join(" ")}`;
  const elements = (stride: string): string => `${prepare}
    for (var i = first; i < end; i += ${stride}) {
      let at = ${placeInGroup(geometry, "i")};
      let channel = which % ${groups}u * ${groupVectors}u + i % ${groupVectors}u;
      ${each}
    }`;
  if (lanes === 1) {
    const body = `
  let which = index;
  let first = 0u;
  let end = ${size}u;
  ${begin}
  ${work.walk("1u")}
  ${once}
  ${elements("1u")}`;
    return invocations(count, body, spec);
  }
  const sideBySide = Math.max(1, sideBySideLanes / lanes);
  const all = lanes * sideBySide;
  const keep = state.map((name) => `${name}Lanes[lane] = ${name};`).join(" ");
  const body = `
  let which = group * ${sideBySide}u + lane / ${lanes}u;
  let first = lane % ${lanes}u;
  let end = select(0u, ${size}u, which < ${count}u);
  ${begin}
  ${work.walk(`${lanes}u`)}
  ${keep}
  for (var half = ${lanes >> 1}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (first < half) {
      ${state.map((name) => `let ${name}Other = ${name}Lanes[lane + half];`).join(" ")}
      ${merge}
      ${keep}
    }
  }
  workgroupBarrier();
  ${state.map((name) => `${name} = ${name}Lanes[lane - first];`).join(" ")}
  if (which < ${count}u) {
    if (first == 0u) {
      ${once}
    }
    ${elements(`${lanes}u`)}
  }`;
  const memory = state.map((name) => `var<workgroup> ${name}Lanes: array<f32, ${all}>;`).join("\n");
  return workgroups(Math.ceil(count / sideBySide), body, {
    ...spec,
    workgroupSize: all,
    declarations: `${spec.declarations ?? ""}${memory}\n`,
  });
}
