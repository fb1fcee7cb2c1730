import { expectCount, expectRange } from "../checkOption.js";
import type { Config } from "../config.js";
import { ArgumentError } from "../errors.js";
import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import type { Optimizer, UpdateContext } from "./optimizer.js";
import { type PhaseSettings, phaseOf, phasesOf } from "./phases.js";
import { rateConfig, type Schedule, toSchedule } from "./schedules.js";

/** Options that every optimizer takes. At most one kind of clipping, as in Keras. */
export interface OptimizerOptions {
  /** A rate or a schedule. */
  readonly learningRate?: number | Schedule;
  /** Share of each parameter that is taken off at an update, times the learning rate; default 0, of `adamW` 0.004. */
  readonly weightDecay?: number;
  /** Bounds the norm of each parameter tensor's gradient. */
  readonly clipNorm?: number;
  /** Bounds the norm of all gradients together. */
  readonly globalClipNorm?: number;
  /** Bounds each number of the gradients. */
  readonly clipValue?: number;
  /**
   * Whether a moving average of the weights is kept, which replaces them when `fit` ends; default false. Evaluation and
   * callbacks see the weights themselves.
   */
  readonly useEma?: boolean;
  /** Share of the old average that stays at a step, from 0 to 1; default 0.99. */
  readonly emaMomentum?: number;
  /** With `useEma`, updates after which the average replaces the weights, again and again; default: only when `fit` ends. */
  readonly emaOverwriteFrequency?: number;
  /**
   * Steps whose gradients are averaged for one update, at least 2; default: every step is one. Schedules count steps, bias
   * corrections and `emaOverwriteFrequency` updates.
   */
  readonly gradientAccumulationSteps?: number;
}

/** What makes an optimizer, beside what all have. */
export interface UpdateRules extends Pick<Optimizer, "update"> {
  /** Names of the numbers that it keeps for each parameter. */
  readonly slots: readonly string[];
  readonly initialSlots?: readonly number[];
  /** Default: the learning rate is the step size. */
  readonly stepValues?: Optimizer["stepValues"];
  /** Whether the update takes off the weight decay itself; default false. */
  readonly decays?: boolean;
  /** Keras' class name. */
  readonly className: string;
  /** The options of its own, with the values in effect. */
  readonly config: Config;
}

/** An optimizer from its update op. Checks the common options and puts what they ask for around the update. */
export function makeOptimizer(
  name: string,
  options: OptimizerOptions,
  defaultRate: number,
  rules: UpdateRules,
): Optimizer {
  const clip = clipping(name, options);
  const weightDecay = expectRange(`${name}: weightDecay`, options.weightDecay ?? 0, 0, Infinity);
  const settings = phaseSettings(name, options);
  const phases = phasesOf(settings);
  const { accumulationSteps, averages } = settings;
  const emaMomentum = options.emaMomentum ?? 0.99;
  const slotNames = [
    ...rules.slots,
    ...(averages ? ["average"] : []),
    ...(accumulationSteps > 1 ? ["gradientAccumulator"] : []),
  ];
  const averageSlot = averages ? slotNames.indexOf("average") : undefined;
  const sumSlot = accumulationSteps > 1 ? slotNames.indexOf("gradientAccumulator") : undefined;

  return {
    name,
    slots: slotNames.length,
    slotNames,
    ...(rules.initialSlots ? { initialSlots: rules.initialSlots } : {}),
    ...(averageSlot === undefined ? {} : { averageSlot }),
    ...(phases ? { phases } : {}),
    schedule: toSchedule(options.learningRate ?? defaultRate),
    rateIsSettable: typeof options.learningRate !== "function",
    stepValues: (iteration, learningRate) =>
      rules.stepValues?.(Math.floor(iteration / accumulationSteps), learningRate) ?? { stepSize: learningRate },
    update(context) {
      const { graph, parameters, gradients, slots, iteration } = context;
      const phase = phaseOf(settings, iteration);
      graph.labelled("optimizer", () => {
        if (sumSlot !== undefined) {
          accumulate(graph, phase.gradients, gradients, slots[sumSlot]!, accumulationSteps);
        }
        if (phase.gradients === "update") {
          clip(context);
          if (weightDecay > 0 && !rules.decays) {
            graph.apply("decayWeights", [parameters], { rate: weightDecay });
          }
          rules.update({ ...context, slots: slots.slice(0, rules.slots.length) });
        }
        if (averageSlot !== undefined) {
          const average = slots[averageSlot]!;
          const momentum = phase.average === "begin" ? 0 : emaMomentum;
          graph.apply("movingAverage", [average, parameters], { momentum });
          if (phase.overwrite) {
            graph.apply("movingAverage", [parameters, average], { momentum: 0 });
          }
        }
      });
    },
    className: rules.className,
    get config() {
      return { ...commonConfig(options, defaultRate), weightDecay, ...rules.config };
    },
  };
}

/** The common options as plain JSON. Throws `ArgumentError` for a schedule that does not say how it is made. */
function commonConfig(options: OptimizerOptions, defaultRate: number): Config {
  const { clipNorm, globalClipNorm, clipValue, useEma = false, emaMomentum, emaOverwriteFrequency } = options;
  const { gradientAccumulationSteps } = options;
  const given = { clipNorm, globalClipNorm, clipValue, emaMomentum, emaOverwriteFrequency, gradientAccumulationSteps };
  const numbers = Object.entries(given).filter((entry): entry is [string, number] => entry[1] !== undefined);
  const learningRate = rateConfig(options.learningRate ?? defaultRate);
  return { learningRate, useEma, ...Object.fromEntries(numbers) };
}

/** Appends the clipping that the options ask for. */
function clipping(
  name: string,
  { clipNorm, globalClipNorm, clipValue }: OptimizerOptions,
): (to: UpdateContext) => void {
  const given = Object.entries({ clipNorm, globalClipNorm, clipValue }).filter(([, limit]) => limit !== undefined);
  if (given.length > 1) {
    throw new ArgumentError(`${name}: ${given.map(([key]) => key).join(" and ")} are given; use one of them`);
  }
  for (const [key, limit] of given) {
    if (!((limit as number) > 0)) {
      throw new ArgumentError(`${name}: ${key} is ${limit}, expected a number above 0`);
    }
  }
  return ({ graph, gradients, gradientParts }) => {
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
  };
}

function phaseSettings(name: string, options: OptimizerOptions): PhaseSettings {
  const { useEma = false, emaMomentum, emaOverwriteFrequency, gradientAccumulationSteps } = options;
  if (emaMomentum !== undefined && !(emaMomentum >= 0 && emaMomentum <= 1)) {
    throw new ArgumentError(`${name}: emaMomentum is ${emaMomentum}, expected a number from 0 to 1`);
  }
  if (emaOverwriteFrequency !== undefined) {
    expectCount(`${name}: emaOverwriteFrequency`, emaOverwriteFrequency);
    if (!useEma) {
      throw new ArgumentError(
        `${name}: emaOverwriteFrequency is given, but there is no average; set useEma: true, too`,
      );
    }
  }
  if (gradientAccumulationSteps !== undefined) {
    expectCount(`${name}: gradientAccumulationSteps`, gradientAccumulationSteps, 2);
  }
  return {
    accumulationSteps: gradientAccumulationSteps ?? 1,
    averages: useEma,
    ...(emaOverwriteFrequency === undefined ? {} : { overwriteFrequency: emaOverwriteFrequency }),
  };
}

/**
 * Gradients of n steps into their mean: the first n - 1 make sum = (g1 + ... ) / (n - 1), the last puts
 * g / n + (1 - 1 / n) sum in place of its own gradients.
 */
function accumulate(
  graph: Graph,
  phase: "begin" | "add" | "update",
  gradients: Value,
  sum: Value,
  steps: number,
): void {
  if (phase === "update") {
    graph.apply("movingAverage", [gradients, sum], { momentum: 1 / steps });
    return;
  }
  const [part] = graph.apply("affine", [gradients], { scale: 1 / (steps - 1), offset: 0 });
  if (phase === "begin") {
    // Written, not added: whatever the sum held before has no say.
    graph.bind(part!, graph.values[sum.id]!.placement!);
  } else {
    const [total] = graph.apply("add", [sum, part!], {});
    graph.apply("movingAverage", [sum, total!], { momentum: 0 });
  }
}
