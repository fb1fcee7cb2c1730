import { float32, type OpDefinition, sizeOf } from "./definition.js";

export interface AllReduceAttributes {
  /** What this rank's input counts in the sum: 1 for a sum, its share of the samples for a mean. */
  readonly weight: number;
}

/**
 * y = sum over ranks of weight x: every process of a group gets the same numbers, to the bit. A backend that is in no group is the
 * only rank: y = weight x.
 */
export const allReduce: OpDefinition<AllReduceAttributes> = {
  summary: "sum over the processes of a group, each with its weight: input [...] -> [...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient({ attributes: { weight }, outputGradient, emit }) {
    const [sum] = emit("allReduce", [outputGradient(0)], { weight: 1 });
    return emit("affine", [sum!], { scale: weight, offset: 0 });
  },
  flops: ([input]) => sizeOf(input!.shape),
};
