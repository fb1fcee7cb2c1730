import { float32, type OpDefinition, sizeOf } from "./definition.js";

export interface PenaltyAttributes {
  /** Factor of the absolute values. */
  readonly l1: number;
  /** Factor of the squares. */
  readonly l2: number;
  /** Factor of the whole: the number of samples in `penalty`, as the sum is divided by it later; times that in the gradient. */
  readonly scale: number;
}

/** loss = scale * sum of l1 |w| + l2 w^2 */
export const penalty: OpDefinition<PenaltyAttributes> = {
  summary: "penalty on the size of parameters: parameters [...] -> summed loss [1]",
  inputs: ["parameters"],
  outputs: ["lossSum"],
  inferOutputs: () => [float32([1])],
  gradient({ inputs, attributes: { l1, l2, scale }, lossScale, emit }) {
    return emit("penaltyBackward", inputs, { l1, l2, scale: lossScale * scale });
  },
  flops: ([parameters]) => 6 * sizeOf(parameters!.shape),
};

/** dw = scale * (l1 sign(w) + 2 l2 w), with sign(0) = 0 */
export const penaltyBackward: OpDefinition<PenaltyAttributes> = {
  summary: "gradient of penalty: parameters [...] -> [...]",
  inputs: ["parameters"],
  outputs: ["parametersGradient"],
  inferOutputs: ([parameters]) => [float32(parameters!.shape)],
  flops: ([parameters]) => 4 * sizeOf(parameters!.shape),
};
