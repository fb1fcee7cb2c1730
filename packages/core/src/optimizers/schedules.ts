import {
  brief,
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

function notNegative(what: string, value: number): number {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new ArgumentError(`${what} is ${value}, expected a number of at least 0`);
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

/** Settings of `inverseTimeDecay`. */
export interface InverseTimeDecayOptions {
  readonly initialLearningRate: number;
  /** Steps after which `decayRate` has been added to the divisor once. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Whether iteration / decaySteps is rounded down, in steps; default false. */
  readonly staircase?: boolean;
}

/** rate = initial / (1 + decayRate * iteration / decaySteps). Keras' `InverseTimeDecay`. Throws `ArgumentError` for options out of range. */
export function inverseTimeDecay(options: InverseTimeDecayOptions): Schedule {
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  positive("inverseTimeDecay: initialLearningRate", initialLearningRate);
  positive("inverseTimeDecay: decaySteps", decaySteps);
  notNegative("inverseTimeDecay: decayRate", decayRate);
  return described("InverseTimeDecay", { initialLearningRate, decaySteps, decayRate, staircase }, (iteration) => {
    const passed = iteration / decaySteps;
    return initialLearningRate / (1 + decayRate * (staircase ? Math.floor(passed) : passed));
  });
}

/** Settings of `polynomialDecay`. */
export interface PolynomialDecayOptions {
  readonly initialLearningRate: number;
  /** Steps until the rate is `endLearningRate`. */
  readonly decaySteps: number;
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1: a straight line. */
  readonly power?: number;
  /** Whether `decaySteps` is doubled, tripled, ... each time it is over, so that the rate climbs again; default false: it stays. */
  readonly cycle?: boolean;
}

/**
 * rate = (initial - end) * (1 - min(iteration / decaySteps, 1))^power + end. Keras' `PolynomialDecay`. Throws `ArgumentError` for
 * options out of range.
 */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const { initialLearningRate, decaySteps, endLearningRate = 0.0001, power = 1, cycle = false } = options;
  positive("polynomialDecay: initialLearningRate", initialLearningRate);
  positive("polynomialDecay: decaySteps", decaySteps);
  notNegative("polynomialDecay: endLearningRate", endLearningRate);
  positive("polynomialDecay: power", power);
  const config = { initialLearningRate, decaySteps, endLearningRate, power, cycle };
  return described("PolynomialDecay", config, (iteration) => {
    const times = cycle ? Math.max(1, Math.ceil(iteration / decaySteps)) : 1;
    const passed = Math.min(iteration / (decaySteps * times), 1);
    return (initialLearningRate - endLearningRate) * (1 - passed) ** power + endLearningRate;
  });
}

/** Settings of `piecewiseConstantDecay`. */
export interface PiecewiseConstantDecayOptions {
  /** The last step of every rate but the last, each larger than the one before. */
  readonly boundaries: readonly number[];
  /** The rates: one more than there are boundaries. */
  readonly values: readonly number[];
}

/**
 * The first rate up to and including step `boundaries[0]`, the second up to `boundaries[1]`, ..., the last from there on. Keras'
 * `PiecewiseConstantDecay`. Throws `ArgumentError` where numbers do not fit together.
 */
export function piecewiseConstantDecay({ boundaries, values }: PiecewiseConstantDecayOptions): Schedule {
  const what = "piecewiseConstantDecay";
  if (!Array.isArray(boundaries) || !Array.isArray(values) || values.length !== boundaries.length + 1) {
    throw new ArgumentError(
      `${what}: ${brief(boundaries as JsonValue)} are boundaries of as many rates and one more, got values ${brief(values as JsonValue)}`,
    );
  }
  boundaries.forEach((boundary, index) => {
    if (!(Number.isFinite(boundary) && (index === 0 || boundary > boundaries[index - 1]!))) {
      throw new ArgumentError(
        `${what}: boundaries[${index}] is ${boundary}, expected a number above the one before: ${brief(boundaries as JsonValue)}`,
      );
    }
  });
  values.forEach((value, index) => {
    notNegative(`${what}: values[${index}]`, value);
  });
  return described("PiecewiseConstantDecay", { boundaries: [...boundaries], values: [...values] }, (iteration) => {
    const index = boundaries.findIndex((boundary) => iteration <= boundary);
    return values.at(index)!;
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

/** Settings of `cosineDecayRestarts`. */
export interface CosineDecayRestartsOptions {
  readonly initialLearningRate: number;
  /** Steps of the first period. */
  readonly firstDecaySteps: number;
  /** By how much each period is longer than the one before, at least 1; default 2. */
  readonly tMul?: number;
  /** Factor of the rate that each period begins with; default 1. */
  readonly mMul?: number;
  /** Lowest rate as a share of the initial one; default 0. */
  readonly alpha?: number;
}

/**
 * Cosine decay that begins anew after `firstDecaySteps` steps, then after `tMul` times as many, ...: with s of the length of its
 * period behind it, period i has rate = initial * ((1 - alpha) * mMul^i * (1 + cos(pi * s)) / 2 + alpha). Keras'
 * `CosineDecayRestarts`, after Loshchilov and Hutter, 2017 (SGDR). Throws `ArgumentError` for options out of range.
 */
export function cosineDecayRestarts(options: CosineDecayRestartsOptions): Schedule {
  const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = options;
  positive("cosineDecayRestarts: initialLearningRate", initialLearningRate);
  positive("cosineDecayRestarts: firstDecaySteps", firstDecaySteps);
  if (!(tMul >= 1 && Number.isFinite(tMul))) {
    throw new ArgumentError(`cosineDecayRestarts: tMul is ${tMul}, expected a number of at least 1`);
  }
  notNegative("cosineDecayRestarts: mMul", mMul);
  notNegative("cosineDecayRestarts: alpha", alpha);
  // Where period i begins, in first periods.
  const begin = (period: number): number => (tMul === 1 ? period : (tMul ** period - 1) / (tMul - 1));
  const config = { initialLearningRate, firstDecaySteps, tMul, mMul, alpha };
  return described("CosineDecayRestarts", config, (iteration) => {
    const passed = iteration / firstDecaySteps;
    const estimate = tMul === 1 ? passed : Math.log(1 + passed * (tMul - 1)) / Math.log(tMul);
    // Logarithms are rounded, and a restart must not come a step late.
    const rounded = Math.round(estimate);
    const period = passed >= begin(rounded) ? rounded : rounded - 1;
    const share = (passed - begin(period)) / tMul ** period;
    const cosine = (mMul ** period * (1 + Math.cos(Math.PI * share))) / 2;
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
  CosineDecayRestarts: cosineDecayRestarts,
  InverseTimeDecay: inverseTimeDecay,
  PiecewiseConstantDecay: piecewiseConstantDecay,
  PolynomialDecay: polynomialDecay,
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
