import { type ConformanceCase, conformanceCases } from "@convoy/core/conformance";

/** Ops whose kernels come in variants. */
const varied = /^(conv2d|matMul|fusedConv2d|fusedDense)/;
/** Cases of an op without such kernels that run convolutions before it. */
const behindConvolutions = /^fusedBatchNormBackward: \S+ by \d/;

/** Ops that share out their sums among the lanes of workgroups on GPUs, and among blocks on software adapters. */
export const reductions: RegExp = /^(batchNorm|fusedBatchNorm|groupNorm|depthwiseConv2dBackwardFilter|constrainNorm)/;

/**
 * The cases of the ops that have kernels of their own for GPUs, default: products. Software adapters compile and run barriers
 * slowly, about half a second a case: `share` takes every so many of each op.
 */
export function tiledCases(share: number, ops: RegExp = varied): ConformanceCase[] {
  const seen = new Map<string, number>();
  return conformanceCases({ levels: ["ops"] }).filter(({ op, name }) => {
    if (!(ops.test(op) || (ops === varied && behindConvolutions.test(name)))) {
      return false;
    }
    const count = seen.get(op) ?? 0;
    seen.set(op, count + 1);
    return count % share === 0;
  });
}
