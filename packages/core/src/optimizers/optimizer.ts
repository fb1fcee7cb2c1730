import { ArgumentError } from "../errors.js";
import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import { type Schedule, toSchedule } from "./schedules.js";

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
}

/** An optimizer: how many numbers it keeps for each parameter, its rates, its update op. */
export interface Optimizer {
  readonly name: string;
  /** Numbers kept for each parameter. */
  readonly slots: number;
  /** Learning rate by step. */
  readonly schedule: Schedule;
  /** The rate after bias correction at a step, from the learning rate there. */
  stepSize(iteration: number, learningRate: number): number;
  /** Appends clipping and the update. */
  update(context: UpdateContext): void;
}

/** Options that every optimizer takes. At most one kind of clipping, as in Keras. */
export interface OptimizerOptions {
  /** A rate or a schedule. */
  readonly learningRate?: number | Schedule;
  /** Bounds the norm of each parameter tensor's gradient. */
  readonly clipNorm?: number;
  /** Bounds the norm of all gradients together. */
  readonly globalClipNorm?: number;
  /** Bounds each number of the gradients. */
  readonly clipValue?: number;
}

/** An optimizer from its update op; checks the common options and puts the clipping before the update. */
export function makeOptimizer(
  name: string,
  options: OptimizerOptions,
  defaultRate: number,
  rules: Pick<Optimizer, "slots" | "update"> & Partial<Pick<Optimizer, "stepSize">>,
): Optimizer {
  const { clipNorm, globalClipNorm, clipValue } = options;
  const given = Object.entries({ clipNorm, globalClipNorm, clipValue }).filter(([, limit]) => limit !== undefined);
  if (given.length > 1) {
    throw new ArgumentError(`${name}: ${given.map(([key]) => key).join(" and ")} are given; use one of them`);
  }
  for (const [key, limit] of given) {
    if (!((limit as number) > 0)) {
      throw new ArgumentError(`${name}: ${key} is ${limit}, expected a number above 0`);
    }
  }
  return {
    name,
    slots: rules.slots,
    schedule: toSchedule(options.learningRate ?? defaultRate),
    stepSize: rules.stepSize ?? ((_, learningRate) => learningRate),
    update(context) {
      const { graph, gradients, gradientParts } = context;
      graph.labelled("optimizer", () => {
        if (clipValue !== undefined) {
          graph.apply("clipByValue", [gradients], { limit: clipValue });
        }
        if (globalClipNorm !== undefined) {
          graph.apply("clipByNorm", [gradients], { limit: globalClipNorm });
        }
        if (clipNorm !== undefined) {
          for (const part of gradientParts) {
            graph.apply("clipByNorm", [part], { limit: clipNorm });
          }
        }
        rules.update(context);
      });
    },
  };
}
