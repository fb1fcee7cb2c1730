/**
 * One number out of many rows: sum over rows of f(row), for losses and metrics, in one workgroup.
 *
 * Each of 256 lanes walks every 256th row and keeps its own sum; the sums are added up pairwise in workgroup memory. One
 * launch, the same order every time; more rows than a few thousand would want more workgroups.
 */

import type { Dispatch } from "./dispatch.js";
import { type ShaderSpec, workgroups } from "./shader.js";

const lanes = 256;

/** A sum over rows. */
export interface RowSum {
  /** Name of the [1] tensor that gets it. */
  readonly into: string;
  /** Name of the variable to which the row's code assigns its number. */
  readonly from: string;
}

/** Runs `rowCode`, which sees its row as `row`, for every row and adds up the variables named in `sums`. */
export function rowSums(rows: number, rowCode: string, sums: readonly RowSum[], spec: ShaderSpec): Dispatch {
  const width = Math.min(lanes, 2 ** Math.ceil(Math.log2(Math.max(rows, 1))));
  const declarations = sums.map(({ from }) => `var<workgroup> ${from}Lanes: array<f32, ${width}>;`).join("\n");
  const body = `
  ${sums.map(({ from }) => `var ${from}Own = 0.0;`).join(" ")}
  for (var row = lane; row < ${rows}u; row += ${width}u) {
    ${sums.map(({ from }) => `var ${from} = 0.0;`).join(" ")}
    ${rowCode}
    ${sums.map(({ from }) => `${from}Own += ${from};`).join(" ")}
  }
  ${sums.map(({ from }) => `${from}Lanes[lane] = ${from}Own;`).join(" ")}
  for (var half = ${width >> 1}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      ${sums.map(({ from }) => `${from}Lanes[lane] += ${from}Lanes[lane + half];`).join(" ")}
    }
  }
  if (lane == 0u) {
    ${sums.map(({ into, from }) => `${into}[0] = ${from}Lanes[0];`).join(" ")}
  }`;
  return workgroups(1, body, {
    ...spec,
    workgroupSize: width,
    declarations: `${spec.declarations ?? ""}${declarations}`,
  });
}
