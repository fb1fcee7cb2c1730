/**
 * One number out of a whole tensor: scale * sum of f(i), in a fixed order. Workgroups of 256 lanes, each of which walks every
 * so many elements; lanes are added up pairwise in workgroup memory. A second launch adds up the workgroups where there are
 * several. On software adapters, where barriers are slow, the blocks of the first launch are single invocations.
 *
 * Cost: the tensors once.
 */

import type { PlanValue } from "@convoy/core/backend";
import type { Dispatch } from "./dispatch.js";
import { float, invocations, reads, type TensorUse, workgroups, writes } from "./shader.js";
import type { KernelTarget } from "./target.js";

export interface Total {
  readonly label: string;
  readonly count: number;
  /** Code: f of element `i`. */
  readonly term: string;
  readonly scale: number;
  readonly tensors: Readonly<Record<string, TensorUse>>;
  /** [1] */
  readonly output: PlanValue;
  /** The workspace, where `totalScratch` is not 0. */
  readonly partial: PlanValue | undefined;
  readonly target: KernelTarget;
}

const lanes = 256;
/** Elements that a lane, or an invocation by itself, adds up at least, and blocks that fill a GPU. */
const [termsPerLane, termsPerInvocation, maxBlocks] = [16, 64, 256];

function blocksOf(count: number, { style }: KernelTarget): number {
  return Math.min(maxBlocks, Math.ceil(count / (style === "registers" ? termsPerInvocation : lanes * termsPerLane)));
}

/** Workspace in float32 numbers. */
export function totalScratch(count: number, target: KernelTarget): number {
  const blocks = blocksOf(count, target);
  return blocks > 1 ? blocks : 0;
}

export function total({ label, count, term, scale, tensors, output, partial, target }: Total): Dispatch[] {
  const blocks = partial ? blocksOf(count, target) : 1;
  const first = (partial && target.style === "registers" ? sumAlone : sumLaunch)({
    label: partial ? `${label}, blocks` : label,
    count,
    blocks,
    term,
    scale: partial ? 1 : scale,
    tensors: { ...tensors, sums: writes(partial ?? output) },
  });
  if (partial === undefined) {
    return [first];
  }
  const second = { label, count: blocks, blocks: 1, term: "partial[i]", scale };
  return [first, sumLaunch({ ...second, tensors: { partial: reads(partial), sums: writes(output) } })];
}

interface SumLaunch extends Pick<Total, "label" | "count" | "term" | "scale" | "tensors"> {
  readonly blocks: number;
}

/** Blocks that are one invocation each, without a scale. */
function sumAlone({ label, count, blocks, term, tensors }: SumLaunch): Dispatch {
  const body = `
    var sum = 0.0;
    for (var i = index; i < ${count}u; i += ${blocks}u) { sum += ${term}; }
    sums[index] = sum;`;
  return invocations(blocks, body, { label, tensors });
}

function sumLaunch({ label, count, blocks, term, scale, tensors }: SumLaunch): Dispatch {
  const width = Math.min(lanes, 2 ** Math.ceil(Math.log2(Math.max(count, 1))));
  const body = `
  var sum = 0.0;
  for (var i = group * ${width}u + lane; i < ${count}u; i += ${width * blocks}u) { sum += ${term}; }
  sumLanes[lane] = sum;
  for (var half = ${width >> 1}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sumLanes[lane] += sumLanes[lane + half]; }
  }
  if (lane == 0u) { sums[group] = ${scale === 1 ? "" : `${float(scale)} * `}sumLanes[0]; }`;
  return workgroups(blocks, body, {
    label,
    tensors,
    workgroupSize: width,
    declarations: `var<workgroup> sumLanes: array<f32, ${width}>;\n`,
  });
}
