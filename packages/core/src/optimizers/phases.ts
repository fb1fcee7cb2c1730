import type { StepPhases } from "./optimizer.js";

/** What steps differ by. */
export interface PhaseSettings {
  /** Steps whose gradients are averaged for one update; 1 for none. */
  readonly accumulationSteps: number;
  /** Whether a moving average of the weights is kept. */
  readonly averages: boolean;
  /** Updates after which the average replaces the weights, again and again; absent: never. */
  readonly overwriteFrequency?: number;
}

/** What a step does once it has its gradients. */
export interface StepPhase {
  /** Begins a sum of gradients, adds to it, or updates the weights by it. */
  readonly gradients: "begin" | "add" | "update";
  /** Sets the moving average to the weights, or goes on with it; absent without one. */
  readonly average?: "begin" | "continue";
  readonly overwrite: boolean;
}

/**
 * The phase of a step, as in Keras 3 (`BaseOptimizer._backend_apply_gradients`): weights are updated where iteration + 1 is a
 * multiple of the accumulation steps. The moving average takes part in every step; its first and its overwriting steps are
 * found by the number of updates before, which for all steps of one update is the same.
 */
export function phaseOf(
  { accumulationSteps, averages, overwriteFrequency }: PhaseSettings,
  iteration: number,
): StepPhase {
  const updates = Math.floor(iteration / accumulationSteps);
  const position = iteration % accumulationSteps;
  return {
    gradients: position === accumulationSteps - 1 ? "update" : position === 0 ? "begin" : "add",
    ...(averages ? { average: updates === 0 ? "begin" : "continue" } : {}),
    overwrite: overwriteFrequency !== undefined && (updates + 1) % overwriteFrequency === 0,
  };
}

/** All phases that there are; undefined where all steps are alike. */
export function phasesOf(settings: PhaseSettings): StepPhases | undefined {
  const { accumulationSteps, averages, overwriteFrequency = 1 } = settings;
  if (accumulationSteps === 1 && !averages) {
    return undefined;
  }
  const name = (iteration: number): string => {
    const { gradients, average = "", overwrite } = phaseOf(settings, iteration);
    return `${gradients} ${average} ${overwrite}`;
  };
  // The first and the last step of an update and one between, in updates that begin, go on with and overwrite by the average.
  const positions = [0, 1, accumulationSteps - 1].filter((position) => position < accumulationSteps);
  const updates = [0, 1, 2, overwriteFrequency - 1, 2 * overwriteFrequency - 1];
  const steps = updates.flatMap((update) => positions.map((position) => update * accumulationSteps + position));
  const examples = new Map(steps.map((step) => [name(step), step]));
  return { of: name, examples: [...examples.values()] };
}
