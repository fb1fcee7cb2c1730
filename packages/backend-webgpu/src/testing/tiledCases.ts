import { type ConformanceCase, conformanceCases } from "@convoy/core/conformance";

/** Ops whose kernels come in variants. */
const varied = /conv2d|matMul|fusedConv2d|fusedDense/;

/**
 * The cases of the ops that have tiled kernels. Software adapters compile and run barriers slowly, about half a second a
 * case: `share` takes every so many of each op.
 */
export function tiledCases(share: number): ConformanceCase[] {
  const seen = new Map<string, number>();
  return conformanceCases({ levels: ["ops"] }).filter(({ op }) => {
    const count = seen.get(op) ?? 0;
    seen.set(op, count + 1);
    return varied.test(op) && count % share === 0;
  });
}
