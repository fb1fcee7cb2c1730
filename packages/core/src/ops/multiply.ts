import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

/** y = a b */
export const multiply: OpDefinition<Record<never, never>> = {
  summary: "elementwise product: a [...], b [...] -> [...]",
  inputs: ["a", "b"],
  outputs: ["output"],
  inferOutputs([a, b]) {
    expectSameShape("multiply: b", b!.shape, a!.shape);
    return [float32(a!.shape)];
  },
  gradient({ inputs: [a, b], outputGradient, needs, emit }) {
    const gradient = outputGradient(0);
    return [
      needs(0) ? emit("multiply", [gradient, b!], {})[0] : undefined,
      needs(1) ? emit("multiply", [gradient, a!], {})[0] : undefined,
    ];
  },
  flops: ([a]) => sizeOf(a!.shape),
};
