import { sizeOf } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/** y = the inputs one behind the other along an axis: [...,A,...], [...,B,...], ... -> [...,A+B+...,...] */
export const concat: KernelOf<"concat"> = ({ inputs, outputs: [output], attributes: { axis } }) => {
  const y = output!.data;
  const outputRun = sizeOf(output!.shape.slice(axis));
  let start = 0;
  for (const { data, shape } of inputs) {
    const run = sizeOf(shape.slice(axis));
    for (let from = 0, to = start; from < data.length; from += run, to += outputRun) {
      y.set(data.subarray(from, from + run), to);
    }
    start += run;
  }
};
