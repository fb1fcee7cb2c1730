import type { KernelOf } from "./kernel.js";

/** y[o] = x[o - before], 0 outside; input [A,B,C,D] (or fewer axes) -> the padded shape */
export const pad: KernelOf<"pad"> = ({ inputs: [input], outputs: [output], attributes }) => {
  const [x, y] = [input!.data, output!.data];
  const missing = 4 - input!.shape.length;
  const [inputShape, outputShape] = [input!.shape, output!.shape].map((shape) => [...Array(missing).fill(1), ...shape]);
  const before: number[] = [...Array(missing).fill(0), ...attributes.before];
  /** The positions along an axis of the input that are in the output. */
  const [first, end] = [
    before.map((zeros) => Math.max(0, -zeros)),
    before.map((zeros, axis) => Math.min(inputShape![axis]!, outputShape![axis]! - zeros)),
  ];
  y.fill(0);
  const [, B, C, D] = inputShape as [number, number, number, number];
  const [, outB, outC, outD] = outputShape as [number, number, number, number];
  for (let a = first[0]!; a < end[0]!; a++) {
    for (let b = first[1]!; b < end[1]!; b++) {
      for (let c = first[2]!; c < end[2]!; c++) {
        const from = ((a * B + b) * C + c) * D;
        const row = ((a + before[0]!) * outB + b + before[1]!) * outC + c + before[2]!;
        y.set(x.subarray(from + first[3]!, from + end[3]!), row * outD + first[3]! + before[3]!);
      }
    }
  }
};
