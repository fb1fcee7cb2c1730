import { type JsonValue, optimizers, schedules } from "@convoy/core";
import { brief, isList, isObject, type JsonObject } from "../../json.js";

/** An optimizer as `compile` takes it. */
export type Optimizer = ReturnType<typeof optimizers.adam>;
type Schedule = ReturnType<typeof schedules.constant>;

const optimizerOptions: Readonly<Record<string, string>> = {
  learning_rate: "learningRate",
  lr: "learningRate",
  momentum: "momentum",
  nesterov: "nesterov",
  rho: "rho",
  beta_1: "beta1",
  beta_2: "beta2",
  beta1: "beta1",
  beta2: "beta2",
  epsilon: "epsilon",
  amsgrad: "amsgrad",
  centered: "centered",
  weight_decay: "weightDecay",
  clipnorm: "clipNorm",
  global_clipnorm: "globalClipNorm",
  clipvalue: "clipValue",
  use_ema: "useEma",
  ema_momentum: "emaMomentum",
  ema_overwrite_frequency: "emaOverwriteFrequency",
  gradient_accumulation_steps: "gradientAccumulationSteps",
  initial_accumulator_value: "initialAccumulatorValue",
};

const commonOptions = [
  "learningRate",
  "weightDecay",
  "clipNorm",
  "globalClipNorm",
  "clipValue",
  "useEma",
  "gradientAccumulationSteps",
] as const;

/** Options of the moving average, which without one have no effect. */
const averageOptions = ["emaMomentum", "emaOverwriteFrequency"] as const;

/** Options that each optimizer takes, beside those of all. */
const ownOptions: Readonly<Record<string, readonly string[]>> = {
  sgd: ["momentum", "nesterov"],
  rmsprop: ["rho", "momentum", "epsilon", "centered"],
  adam: ["beta1", "beta2", "epsilon", "amsgrad"],
  adamW: ["beta1", "beta2", "epsilon", "amsgrad"],
  nadam: ["beta1", "beta2", "epsilon"],
  adagrad: ["epsilon", "initialAccumulatorValue"],
  lion: ["beta1", "beta2"],
};

/** Options that say how it is run and not what is computed. */
const withoutEffect = ["name", "jit_compile", "is_legacy_optimizer"];

/** Values that change nothing: Nadam's `schedule_decay` of Keras 1 and 2 is what the rule has built in. */
const defaults: Readonly<Record<string, JsonValue>> = { schedule_decay: 0.004 };

const optimizerNames: Readonly<Record<string, string>> = {
  sgd: "sgd",
  rmsprop: "rmsprop",
  adam: "adam",
  adamw: "adamW",
  nadam: "nadam",
  adagrad: "adagrad",
  lion: "lion",
};

/** An optimizer of a file; undefined for one that is not known. Options that cannot be taken over are told. */
export function readOptimizer(value: JsonValue, warn: (message: string) => void): Optimizer | undefined {
  const config = isObject(value) && isObject(value.config) ? value.config : {};
  const given = isObject(value) ? value.class_name : value;
  const plain = typeof given === "string" ? given.toLowerCase().replace(/^.*>/, "") : "";
  if (!Object.hasOwn(optimizerNames, plain)) {
    return undefined;
  }
  const name = optimizerNames[plain]!;
  const averages = config.use_ema === true;
  const allowed: readonly string[] = [...commonOptions, ...averageOptions, ...ownOptions[name]!];
  const tell = (what: string): void =>
    warn(`the optimizer ${String(given)} of the file has ${what}; give an optimizer to compile yourself`);
  const options = new Map<string, unknown>();
  const rate = config.learning_rate ?? config.lr;
  const { decay } = config;
  const decays = typeof rate === "number" && typeof decay === "number" && decay > 0;
  for (const [option, setting] of Object.entries(config)) {
    const convoy = Object.hasOwn(optimizerOptions, option) ? optimizerOptions[option]! : "";
    const idle = !averages && averageOptions.some((average) => average === convoy);
    if (setting === null || idle || withoutEffect.includes(option) || (decays && option === "decay")) {
      continue;
    }
    if (decays && convoy === "learningRate") {
      // What Keras 1 and 2 call decay: the rate is divided by 1 + decay * step.
      options.set(convoy, schedules.inverseTimeDecay({ initialLearningRate: rate, decaySteps: 1, decayRate: decay }));
    } else if (convoy === "learningRate" && typeof setting !== "number") {
      const rate = readRate(setting, (what) => tell(`${option} ${what}`));
      if (rate !== undefined) {
        options.set(convoy, rate);
      }
    } else if (allowed.includes(convoy) && (typeof setting === "number" || typeof setting === "boolean")) {
      options.set(convoy, setting);
    } else if (
      setting !== 0 &&
      setting !== false &&
      !(Object.hasOwn(defaults, option) && defaults[option] === setting)
    ) {
      tell(`${option} ${brief(setting)}, which is not taken over`);
    }
  }
  const makers = optimizers as unknown as Readonly<Record<string, (options: object) => Optimizer>>;
  return makers[name]!(Object.fromEntries(options));
}

/** A rate that is a schedule; one that is not known leaves its first rate, or none, and is told. */
function readRate(value: JsonValue, tell: (what: string) => void): Schedule | number | undefined {
  const config = isObject(value) && isObject(value.config) ? value.config : {};
  const className = isObject(value) && typeof value.class_name === "string" ? value.class_name : brief(value);
  const plain = className.replace(/^.*>/, "");
  if (Object.hasOwn(readSchedules, plain)) {
    return readSchedules[plain]!(config);
  }
  const first = config.initial_learning_rate;
  const rate = typeof first === "number" && first > 0 ? first : undefined;
  tell(`${className}, which is not known here: it stays at ${rate ?? "the optimizer's default"}`);
  return rate;
}

const initialRate = (config: JsonObject): number => Number(config.initial_learning_rate);

/** Numbers of a list; none where it is no list of numbers, which the schedule then refuses. */
function numbers(value: JsonValue | undefined): number[] {
  return isList(value) ? value.map(Number) : [];
}

/** Schedules of Keras that there are here. */
const readSchedules: Readonly<Record<string, (config: JsonObject) => Schedule>> = {
  InverseTimeDecay: (config) =>
    schedules.inverseTimeDecay({
      initialLearningRate: initialRate(config),
      decaySteps: Number(config.decay_steps),
      decayRate: Number(config.decay_rate),
      staircase: config.staircase === true,
    }),
  PolynomialDecay: (config) =>
    schedules.polynomialDecay({
      initialLearningRate: initialRate(config),
      decaySteps: Number(config.decay_steps),
      endLearningRate: Number(config.end_learning_rate ?? 0.0001),
      power: Number(config.power ?? 1),
      cycle: config.cycle === true,
    }),
  PiecewiseConstantDecay: (config) =>
    schedules.piecewiseConstantDecay({ boundaries: numbers(config.boundaries), values: numbers(config.values) }),
  CosineDecayRestarts: (config) =>
    schedules.cosineDecayRestarts({
      initialLearningRate: initialRate(config),
      firstDecaySteps: Number(config.first_decay_steps),
      tMul: Number(config.t_mul ?? 2),
      mMul: Number(config.m_mul ?? 1),
      alpha: Number(config.alpha ?? 0),
    }),
  ExponentialDecay: (config) =>
    schedules.exponentialDecay({
      initialLearningRate: initialRate(config),
      decaySteps: Number(config.decay_steps),
      decayRate: Number(config.decay_rate),
      staircase: config.staircase === true,
    }),
  CosineDecay: (config) => {
    const initial = initialRate(config);
    const target = config.warmup_target;
    const steps = Number(config.warmup_steps ?? 0);
    const decay = schedules.cosineDecay({
      initialLearningRate: typeof target === "number" ? target : initial,
      decaySteps: Number(config.decay_steps),
      alpha: Number(config.alpha ?? 0),
    });
    // Without a target Keras leaves the warm-up out, whatever its steps.
    return typeof target === "number" && steps > 0
      ? schedules.warmUp({ steps, followedBy: decay, from: initial })
      : decay;
  },
};
