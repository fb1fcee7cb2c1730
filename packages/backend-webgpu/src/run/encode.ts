import type { Launch, Program } from "./program.js";
import { rowStride } from "./stepRows.js";

/** The step table's bind group and the row of a step. */
export interface StepRow {
  readonly rows: GPUBindGroup;
  readonly row: number;
}

/** Encodes launches of one step as one compute pass. */
export function encodeLaunches(encoder: GPUCommandEncoder, launches: readonly Launch[], { rows, row }: StepRow): void {
  const pass = encoder.beginComputePass();
  pass.setBindGroup(1, rows, [row * rowStride]);
  for (const { pipeline, bindGroup, dispatch } of launches) {
    const { workgroups } = dispatch;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
  }
  pass.end();
}

/** Encodes the copies of one step's results; `staging` is there where the program has results. */
export function encodeResults(
  encoder: GPUCommandEncoder,
  { results }: Program,
  row: number,
  staging: GPUBuffer | undefined,
): void {
  results.forEach(({ buffer, byteOffset }, index) => {
    encoder.copyBufferToBuffer(buffer, byteOffset, staging!, (row * results.length + index) * 4, 4);
  });
}
