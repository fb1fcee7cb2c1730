import type { Configured } from "../config.js";
import type { Value } from "../ops/definition.js";
import type { Graph, StepValues } from "../plan/index.js";
import type { Schedule } from "./schedules.js";

/** What an optimizer gets to append its update to a graph: flat tensors of all trainable parameters. */
export interface UpdateContext {
  readonly graph: Graph;
  /** [P] */
  readonly parameters: Value;
  /** [P] */
  readonly gradients: Value;
  /** As many [P] as `slots` says. */
  readonly slots: readonly Value[];
  /** The gradient of each parameter tensor on its own: parts of `gradients`. */
  readonly gradientParts: readonly Value[];
  /** A step of the phase that the ops are for; see `Optimizer.phases`. */
  readonly iteration: number;
}

/** What an optimizer's op reads from the step table. */
export type OptimizerStepValues = Pick<StepValues, "stepSize" | "gradientStep" | "secondMomentScale">;

/** Kinds of steps that run different ops, such as those that only add gradients up. */
export interface StepPhases {
  /** The phase of a step by name: `update` appends the same ops for all steps of a phase. */
  of(iteration: number): string;
  /** A step of every phase that there is. */
  readonly examples: readonly number[];
}

/**
 * An optimizer: how many numbers it keeps for each parameter, its rates, its update ops. With `className` and `config`
 * compiled models that use it can be saved.
 */
export interface Optimizer extends Configured {
  readonly name: string;
  /** Numbers kept for each parameter. */
  readonly slots: number;
  /** What the slots are called in training states, Keras' names where it has them; default slot0, slot1, ... */
  readonly slotNames?: readonly string[];
  /** What the slots hold before the first step; 0 where absent. */
  readonly initialSlots?: readonly number[];
  /** The slot with an average of the parameters that takes their place when training ends; absent: none does. */
  readonly averageSlot?: number;
  /** Absent where all steps are alike. */
  readonly phases?: StepPhases;
  /** Learning rate by step. */
  readonly schedule: Schedule;
  /** Whether the learning rate was given as a number, which callbacks may replace, and not as a schedule; default false. */
  readonly rateIsSettable?: boolean;
  /** What its op reads at a step, from the learning rate there: the rate after bias correction, say. */
  stepValues(iteration: number, learningRate: number): OptimizerStepValues;
  /** Appends clipping and the update. */
  update(context: UpdateContext): void;
}
