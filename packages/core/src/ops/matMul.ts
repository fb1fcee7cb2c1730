import { formatShape, ShapeError } from "../errors.js";
import { expectRank } from "./checks.js";
import { float32, type OpDefinition, type TensorSpec } from "./definition.js";

export interface MatMulAttributes {
  /** Use a as [K,M] instead of [M,K]. */
  readonly transposeA: boolean;
  /** Use b as [N,K] instead of [K,N]. */
  readonly transposeB: boolean;
}

/** Sizes M, N and K of a product. Throws `ShapeError` where the two K differ. */
export function matMulSizes(
  a: TensorSpec,
  b: TensorSpec,
  attributes: MatMulAttributes,
): { M: number; N: number; K: number } {
  expectRank("matMul: a", a, 2);
  expectRank("matMul: b", b, 2);
  const [M, K] = (attributes.transposeA ? [a.shape[1], a.shape[0]] : a.shape) as [number, number];
  const [innerB, N] = (attributes.transposeB ? [b.shape[1], b.shape[0]] : b.shape) as [number, number];
  if (K !== innerB) {
    throw new ShapeError(
      `matMul: inner sizes differ, ${K} and ${innerB} (a ${formatShape(a.shape)}${attributes.transposeA ? " transposed" : ""}, ` +
        `b ${formatShape(b.shape)}${attributes.transposeB ? " transposed" : ""})`,
    );
  }
  return { M, N, K };
}

/** y[m,n] = sum over k of a[m,k] * b[k,n] */
export const matMul: OpDefinition<MatMulAttributes> = {
  summary: "matrix product: a [M,K], b [K,N] -> [M,N], either input transposed on request",
  inputs: ["a", "b"],
  outputs: ["output"],
  inferOutputs([a, b], attributes) {
    const { M, N } = matMulSizes(a!, b!, attributes);
    return [float32([M, N])];
  },
  // y = a b:   da = dy b^T,  db = a^T dy;  a transposed input transposes the product that is its gradient.
  gradient({ inputs: [a, b], attributes: { transposeA, transposeB }, outputGradient, needs, emit }) {
    const gradient = outputGradient(0);
    const product = (
      left: typeof gradient,
      right: typeof gradient,
      leftTransposed: boolean,
      rightTransposed: boolean,
    ) => emit("matMul", [left, right], { transposeA: leftTransposed, transposeB: rightTransposed })[0];
    const gradientA = () =>
      transposeA ? product(b!, gradient, transposeB, true) : product(gradient, b!, false, !transposeB);
    const gradientB = () =>
      transposeB ? product(gradient, a!, true, transposeA) : product(a!, gradient, !transposeA, false);
    return [needs(0) ? gradientA() : undefined, needs(1) ? gradientB() : undefined];
  },
  flops([a, b], _, attributes) {
    const { M, N, K } = matMulSizes(a!, b!, attributes);
    return 2 * M * N * K;
  },
};
