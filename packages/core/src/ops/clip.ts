import { type OpDefinition, sizeOf } from "./definition.js";

export interface ClipByValueAttributes {
  /** Bound on the absolute value. */
  readonly limit: number;
}

export interface ClipByNormAttributes {
  /** Bound on the Euclidean norm. */
  readonly limit: number;
}

/** g = min(max(g, -limit), limit) */
export const clipByValue: OpDefinition<ClipByValueAttributes> = {
  summary: "bounds every element: gradients [P] updated",
  inputs: ["gradients"],
  outputs: [],
  updates: [0],
  inferOutputs: () => [],
  flops: ([gradients]) => 2 * sizeOf(gradients!.shape),
};

/** norm = sqrt(sum of g^2); where norm > limit, g = g * limit / norm */
export const clipByNorm: OpDefinition<ClipByNormAttributes> = {
  summary: "bounds the Euclidean norm: gradients [P] updated",
  inputs: ["gradients"],
  outputs: [],
  updates: [0],
  inferOutputs: () => [],
  flops: ([gradients]) => 3 * sizeOf(gradients!.shape),
};
