import { expectSameShape } from "./checks.js";
import { type OpDefinition, sizeOf } from "./definition.js";

export interface MovingAverageAttributes {
  /** Share of the old average that stays. */
  readonly momentum: number;
}

/** state = momentum state + (1 - momentum) value */
export const movingAverage: OpDefinition<MovingAverageAttributes> = {
  summary: "exponential moving average: state [P], value [P]; state updated",
  inputs: ["state", "value"],
  outputs: [],
  updates: [0],
  inferOutputs([state, value]) {
    expectSameShape("movingAverage: value", value!.shape, state!.shape);
    return [];
  },
  flops: ([state]) => 3 * sizeOf(state!.shape),
};
