import {
  type Classes,
  type Config,
  type Configured,
  type CustomObjects,
  fromObjectConfig,
  type JsonValue,
  objectConfig,
} from "../config.js";
import { ArgumentError } from "../errors.js";

/**
 * Learning rate at a training step, counted from 0 over the life of the optimizer. A function of your own will do; with
 * `className` and `config` (`Object.assign(schedule, { className, config })`) compiled models that use it can be saved.
 */
export interface Schedule extends Configured {
  (iteration: number): number;
}

/** A schedule that says how it is made. */
function described(className: string, config: Config, schedule: (iteration: number) => number): Schedule {
  return Object.assign(schedule, { className, config });
}

function positive(what: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new ArgumentError(`${what} is ${value}, expected a number above 0`);
  }
  return value;
}

/** The same rate at every step. */
export function constant(learningRate: number): Schedule {
  positive("constant: learningRate", learningRate);
  return described("ConstantRate", { learningRate }, () => learningRate);
}

/** Settings of `stepDecay`. */
export interface StepDecayOptions {
  readonly initialLearningRate: number;
  /** Steps between two drops. */
  readonly dropEvery: number;
  /** Factor of a drop; default 0.5. */
  readonly factor?: number;
}

/** rate = initial * factor^floor(iteration / dropEvery) */
export function stepDecay({ initialLearningRate, dropEvery, factor = 0.5 }: StepDecayOptions): Schedule {
  positive("stepDecay: initialLearningRate", initialLearningRate);
  positive("stepDecay: dropEvery", dropEvery);
  positive("stepDecay: factor", factor);
  return described(
    "StepDecay",
    { initialLearningRate, dropEvery, factor },
    (iteration) => initialLearningRate * factor ** Math.floor(iteration / dropEvery),
  );
}

/** Settings of `exponentialDecay`. */
export interface ExponentialDecayOptions {
  readonly initialLearningRate: number;
  /** Steps after which the rate has been multiplied by `decayRate` once. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Whether the exponent is rounded down, in steps; default false. */
  readonly staircase?: boolean;
}

/** rate = initial * decayRate^(iteration / decaySteps). Keras' `ExponentialDecay`. */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  positive("exponentialDecay: initialLearningRate", initialLearningRate);
  positive("exponentialDecay: decaySteps", decaySteps);
  positive("exponentialDecay: decayRate", decayRate);
  return described("ExponentialDecay", { initialLearningRate, decaySteps, decayRate, staircase }, (iteration) => {
    const exponent = iteration / decaySteps;
    return initialLearningRate * decayRate ** (staircase ? Math.floor(exponent) : exponent);
  });
}

/** Settings of `cosineDecay`. */
export interface CosineDecayOptions {
  readonly initialLearningRate: number;
  /** Steps until the rate is lowest. */
  readonly decaySteps: number;
  /** Lowest rate as a share of the initial one; default 0. */
  readonly alpha?: number;
}

/**
 * rate = initial * ((1 - alpha) * (1 + cos(pi * min(iteration / decaySteps, 1))) / 2 + alpha). Keras' `CosineDecay`, after
 * Loshchilov and Hutter, 2017.
 */
export function cosineDecay({ initialLearningRate, decaySteps, alpha = 0 }: CosineDecayOptions): Schedule {
  positive("cosineDecay: initialLearningRate", initialLearningRate);
  positive("cosineDecay: decaySteps", decaySteps);
  return described("CosineDecay", { initialLearningRate, decaySteps, alpha }, (iteration) => {
    const cosine = (1 + Math.cos(Math.PI * Math.min(iteration / decaySteps, 1))) / 2;
    return initialLearningRate * ((1 - alpha) * cosine + alpha);
  });
}

/** Settings of `warmUp`. */
export interface WarmUpOptions {
  /** Steps until the schedule's own rate is reached. */
  readonly steps: number;
  /** What comes after, counted from 0 when the warm-up is over: a rate or a schedule. */
  readonly followedBy: number | Schedule;
  /** Rate at the first step; default 0. */
  readonly from?: number;
}

/** A straight line from `from` to the first rate of `followedBy` over `steps` steps, then that schedule from its start. */
export function warmUp({ steps, followedBy, from = 0 }: WarmUpOptions): Schedule {
  positive("warmUp: steps", steps);
  const schedule = toSchedule(followedBy);
  const warmed: Schedule = (iteration) => {
    const target = schedule(0);
    return iteration < steps ? from + (target - from) * (iteration / steps) : schedule(iteration - steps);
  };
  if (schedule.config === undefined) {
    return warmed;
  }
  return described("WarmUp", { steps, followedBy: rateConfig(followedBy), from }, warmed);
}

/** A schedule from a rate or a schedule. */
export function toSchedule(learningRate: number | Schedule): Schedule {
  return typeof learningRate === "function" ? learningRate : constant(learningRate);
}

/** A rate or a schedule as plain JSON. Throws `ArgumentError` for a schedule that does not say how it is made. */
export function rateConfig(learningRate: number | Schedule): JsonValue {
  return typeof learningRate === "number" ? learningRate : { ...objectConfig("the schedule", learningRate) };
}

const classes: Classes<Schedule> = {
  ConstantRate: ({ learningRate }: { learningRate: number }) => constant(learningRate),
  StepDecay: stepDecay,
  ExponentialDecay: exponentialDecay,
  CosineDecay: cosineDecay,
};

/** The inverse of `rateConfig`. Throws `ArgumentError` for an unknown class. */
export function rateFromConfig(value: JsonValue, customObjects: CustomObjects): number | Schedule {
  if (typeof value === "number") {
    return value;
  }
  const warmUpFrom = ({ followedBy, ...options }: Omit<WarmUpOptions, "followedBy"> & { followedBy: JsonValue }) =>
    warmUp({ ...options, followedBy: rateFromConfig(followedBy, customObjects) });
  return fromObjectConfig("the schedule", value, { ...classes, WarmUp: warmUpFrom }, customObjects);
}
