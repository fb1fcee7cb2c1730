import { normEpsilon } from "../../ops/constraints.js";
import type { KernelOf } from "./kernel.js";

/**
 * norm = sqrt(sum over the axes of w^2); w = w wanted / (norm + 1e-7), wanted = min(norm, limit) for "max", limit for "unit"
 *
 * parameter [...] updated
 */
export const constrainNorm: KernelOf<"constrainNorm"> = ({ inputs: [parameter], attributes }) => {
  const { kind, limit, axes } = attributes;
  const { data: w, shape } = parameter!;
  // Norms are numbered in row-major order of the axes that are left.
  const strides: number[] = Array(shape.length).fill(0);
  let count = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (!axes.includes(axis)) {
      strides[axis] = count;
      count *= shape[axis]!;
    }
  }
  const normOf = (index: number): number => {
    let [rest, norm] = [index, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      norm += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return norm;
  };
  const squares = new Float64Array(count);
  w.forEach((value, index) => {
    squares[normOf(index)]! += value * value;
  });
  const factors = squares.map((square) => {
    const norm = Math.sqrt(square);
    return (kind === "max" ? Math.min(norm, limit) : limit) / (norm + normEpsilon);
  });
  w.forEach((value, index) => {
    w[index] = value * factors[normOf(index)]!;
  });
};

/** w = max(w, 0); parameter [...] updated */
export const nonNegative: KernelOf<"nonNegative"> = ({ inputs: [parameter] }) => {
  const w = parameter!.data;
  for (let i = 0; i < w.length; i++) {
    w[i] = Math.max(w[i]!, 0);
  }
};
