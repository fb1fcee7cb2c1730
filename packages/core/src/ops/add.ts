import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

/** y = a + b. Also what adds up the gradients of a tensor that is used more than once. */
export const add: OpDefinition<Record<never, never>> = {
  summary: "elementwise sum: a [...], b [...] -> [...]",
  inputs: ["a", "b"],
  outputs: ["output"],
  inferOutputs([a, b]) {
    expectSameShape("add: b", b!.shape, a!.shape);
    return [float32(a!.shape)];
  },
  gradient({ outputGradient, needs }) {
    const gradient = outputGradient(0);
    return [needs(0) ? gradient : undefined, needs(1) ? gradient : undefined];
  },
  flops: ([a]) => sizeOf(a!.shape),
};
