import { sizeOf } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/** y = x with axis permutation[k] as axis k; up to four axes */
export const transpose: KernelOf<"transpose"> = ({ inputs: [input], outputs: [output], attributes }) => {
  const [x, y] = [input!.data, output!.data];
  const missing = 4 - input!.shape.length;
  const [A, B, C, D] = [...Array(missing).fill(1), ...output!.shape] as [number, number, number, number];
  /** How far apart in the input are neighbours along each axis of the output. */
  const strides = attributes.permutation.map((axis) => sizeOf(input!.shape.slice(axis + 1)));
  const [strideA, strideB, strideC, strideD] = [...Array(missing).fill(0), ...strides] as typeof strides;
  let to = 0;
  for (let a = 0; a < A; a++) {
    for (let b = 0; b < B; b++) {
      for (let c = 0; c < C; c++) {
        const from = a * strideA! + b * strideB! + c * strideC!;
        for (let d = 0; d < D; d++) {
          y[to++] = x[from + d * strideD!]!;
        }
      }
    }
  }
};
