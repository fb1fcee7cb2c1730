import { expectSameShape } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

export interface MaximumBackwardAttributes {
  /** The input whose gradient it is: 0 for a, 1 for b. */
  readonly input: 0 | 1;
}

/** y = max(a, b); NaN where either is. The minimum is -max(-a, -b). */
export const maximum: OpDefinition<Record<never, never>> = {
  summary: "elementwise maximum: a [...], b [...] -> [...]",
  inputs: ["a", "b"],
  outputs: ["output"],
  inferOutputs([a, b]) {
    expectSameShape("maximum: b", b!.shape, a!.shape);
    return [float32(a!.shape)];
  },
  gradient({ inputs: [a, b], outputGradient, needs, emit }) {
    const inputs = [outputGradient(0), a!, b!];
    return [0, 1].map((input) => (needs(input) ? emit("maximumBackward", inputs, { input })[0] : undefined));
  },
  flops: ([a]) => sizeOf(a!.shape),
};

/** da = a >= b ? dy : 0; db = a >= b ? 0 : dy. At a tie a has the whole gradient. */
export const maximumBackward: OpDefinition<MaximumBackwardAttributes> = {
  summary: "gradient of maximum for one input: outputGradient [...], a [...], b [...] -> [...]",
  inputs: ["outputGradient", "a", "b"],
  outputs: ["inputGradient"],
  inferOutputs([outputGradient, a, b]) {
    expectSameShape("maximumBackward: outputGradient", outputGradient!.shape, a!.shape);
    expectSameShape("maximumBackward: b", b!.shape, a!.shape);
    return [float32(a!.shape)];
  },
  flops: ([a]) => 2 * sizeOf(a!.shape),
};
