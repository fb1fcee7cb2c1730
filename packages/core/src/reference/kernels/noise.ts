import {
  firstElement,
  type OpAttributes,
  type Shape,
  type StepValues,
  streamKey,
  threefry2x32,
} from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/** y[i] = x[i] + stddev g(i); [...] -> [...] */
export const gaussianNoise: KernelOf<"gaussianNoise"> = ({ inputs: [input], outputs: [output], attributes, step }) => {
  const [x, y] = [input!.data, output!.data];
  const normal = normalNumbers(attributes, input!.shape, step);
  for (let i = 0; i < y.length; i++) {
    y[i] = x[i]! + attributes.stddev * normal(i);
  }
};

/** y[i] = x[i] (1 + stddev g(i)); [...] -> [...] */
export const gaussianDropout: KernelOf<"gaussianDropout"> = (call) => {
  const [x, y] = [call.inputs[0]!.data, call.outputs[0]!.data];
  const normal = normalNumbers(call.attributes, call.inputs[0]!.shape, call.step);
  for (let i = 0; i < y.length; i++) {
    y[i] = x[i]! * (1 + call.attributes.stddev * normal(i));
  }
};

/** g(i) = sqrt(-2 ln u) cos(2 pi v), u = (word(2i) + 1) / 2^32, v = word(2i + 1) / 2^32 */
function normalNumbers(
  attributes: OpAttributes["gaussianNoise"],
  shape: Shape,
  { seed, iteration }: StepValues,
): (index: number) => number {
  const key = streamKey(seed, "noise", attributes.instance);
  const first = firstElement(attributes, shape);
  return (index) => {
    const [even, odd] = threefry2x32(key, [(first + index) >>> 0, iteration]);
    return Math.sqrt(-2 * Math.log((even + 1) * 2 ** -32)) * Math.cos(2 * Math.PI * odd * 2 ** -32);
  };
}
