import { float32, type OpDefinition, sizeOf } from "./definition.js";

export interface AffineAttributes {
  readonly scale: number;
  readonly offset: number;
}

/** y = scale x + offset */
export const affine: OpDefinition<AffineAttributes> = {
  summary: "multiplies by one number and adds another: input [...] -> [...]",
  inputs: ["input"],
  outputs: ["output"],
  inferOutputs: ([input]) => [float32(input!.shape)],
  gradient({ attributes: { scale }, outputGradient, emit }) {
    return emit("affine", [outputGradient(0)], { scale, offset: 0 });
  },
  flops: ([input]) => 2 * sizeOf(input!.shape),
};
