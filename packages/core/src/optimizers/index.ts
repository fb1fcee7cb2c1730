import { expectRange } from "../checkOption.js";
import {
  brief,
  type Classes,
  type CustomObjects,
  expectObjectConfig,
  fromObjectConfig,
  type JsonValue,
} from "../config.js";
import { ArgumentError } from "../errors.js";
import { lookUp } from "../names.js";
import { nadamSteps } from "../ops/nadamSteps.js";
import { makeOptimizer, type OptimizerOptions } from "./makeOptimizer.js";
import type { Optimizer } from "./optimizer.js";
import { rateFromConfig } from "./schedules.js";

export interface SgdOptions extends OptimizerOptions {
  /** Share of the last update that is kept; default 0. */
  readonly momentum?: number;
  /** Whether the momentum looks ahead (Nesterov); default false. */
  readonly nesterov?: boolean;
}

/** Gradient descent, learning rate 0.01. Keras' `SGD`. Throws `ArgumentError` for options out of range. */
export function sgd(options: SgdOptions = {}): Optimizer {
  const momentum = expectRange("sgd: momentum", options.momentum ?? 0, 0, 1);
  const nesterov = options.nesterov ?? false;
  return makeOptimizer("sgd", options, 0.01, {
    slots: momentum > 0 ? ["momentum"] : [],
    update({ graph, parameters, gradients, slots }) {
      graph.apply("sgdUpdate", [parameters, gradients, ...slots], { momentum, nesterov });
    },
    className: "SGD",
    config: { momentum, nesterov },
  });
}

export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the mean square; default 0.9. */
  readonly rho?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Whether the estimated variance divides instead of the mean square; default false. */
  readonly centered?: boolean;
}

/** RMSprop (Hinton, lecture 6e, 2012), learning rate 0.001. Keras' `RMSprop`. Throws `ArgumentError` for options out of range. */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const rho = expectRange("rmsprop: rho", options.rho ?? 0.9, 0, 1);
  const momentum = expectRange("rmsprop: momentum", options.momentum ?? 0, 0, 1);
  const { epsilon = 1e-7, centered = false } = options;
  return makeOptimizer("rmsprop", options, 0.001, {
    slots: ["velocity", ...(momentum > 0 ? ["momentum"] : []), ...(centered ? ["averageGradient"] : [])],
    update({ graph, parameters, gradients, slots }) {
      graph.apply("rmspropUpdate", [parameters, gradients, ...slots], { rho, momentum, epsilon, centered });
    },
    className: "RMSprop",
    config: { rho, momentum, epsilon, centered },
  });
}

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Whether the largest second moment so far is used (Reddi et al., 2018); default false. */
  readonly amsgrad?: boolean;
}

function adamFamily(name: string, options: AdamOptions, weightDecay: number): Optimizer {
  const beta1 = expectRange(`${name}: beta1`, options.beta1 ?? 0.9, 0, 1);
  const beta2 = expectRange(`${name}: beta2`, options.beta2 ?? 0.999, 0, 1);
  const { epsilon = 1e-7, amsgrad = false } = options;
  return makeOptimizer(name, options, 0.001, {
    slots: ["momentum", "velocity", ...(amsgrad ? ["velocityHat"] : [])],
    decays: true,
    stepValues: (iteration, learningRate) => ({
      stepSize: (learningRate * Math.sqrt(1 - beta2 ** (iteration + 1))) / (1 - beta1 ** (iteration + 1)),
    }),
    update({ graph, parameters, gradients, slots }) {
      const attributes = { beta1, beta2, epsilon, weightDecay, amsgrad };
      graph.apply("adamUpdate", [parameters, gradients, ...slots], attributes);
    },
    className: name === "adamW" ? "AdamW" : "Adam",
    config: { beta1, beta2, epsilon, weightDecay, amsgrad },
  });
}

/** Adam (Kingma and Ba, 2015), learning rate 0.001. Keras' `Adam`. Throws `ArgumentError` for options out of range. */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamFamily("adam", options, options.weightDecay ?? 0);
}

/** Options of `adamW`; weight decay is 0.004 by default. */
export type AdamWOptions = AdamOptions;

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019), learning rate 0.001. Keras' `AdamW`. Throws like `adam`. */
export function adamW(options: AdamWOptions = {}): Optimizer {
  return adamFamily("adamW", options, options.weightDecay ?? 0.004);
}

export interface NadamOptions extends OptimizerOptions {
  /** Decay of the first moment, below its full size in the first steps; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/** Adam with Nesterov momentum (Dozat, 2015), learning rate 0.001. Keras' `Nadam`. Throws `ArgumentError` for options out of range. */
export function nadam(options: NadamOptions = {}): Optimizer {
  const beta1 = expectRange("nadam: beta1", options.beta1 ?? 0.9, 0, 1);
  const beta2 = expectRange("nadam: beta2", options.beta2 ?? 0.999, 0, 1);
  const { epsilon = 1e-7 } = options;
  return makeOptimizer("nadam", options, 0.001, {
    slots: ["momentum", "velocity"],
    stepValues: (iteration, learningRate) => nadamSteps(iteration, learningRate, beta1, beta2),
    update({ graph, parameters, gradients, slots }) {
      graph.apply("nadamUpdate", [parameters, gradients, ...slots], { beta1, beta2, epsilon });
    },
    className: "Nadam",
    config: { beta1, beta2, epsilon },
  });
}

export interface AdagradOptions extends OptimizerOptions {
  /** Sum of squares that every parameter starts with, at least 0; default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/** Adagrad (Duchi et al., 2011), learning rate 0.001. Keras' `Adagrad`. Throws `ArgumentError` for options out of range. */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const { initialAccumulatorValue = 0.1, epsilon = 1e-7 } = options;
  expectRange("adagrad: initialAccumulatorValue", initialAccumulatorValue, 0, Infinity);
  return makeOptimizer("adagrad", options, 0.001, {
    slots: ["accumulator"],
    initialSlots: [initialAccumulatorValue],
    update({ graph, parameters, gradients, slots }) {
      graph.apply("adagradUpdate", [parameters, gradients, ...slots], { epsilon });
    },
    className: "Adagrad",
    config: { initialAccumulatorValue, epsilon },
  });
}

export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in the direction of a step, above 0; default 0.9. */
  readonly beta1?: number;
  /** Decay of the momentum; default 0.99. */
  readonly beta2?: number;
}

/**
 * Lion (Chen et al., 2023), learning rate 0.001: every step is of the same size, the sign of a momentum decides. Keras' `Lion`.
 * Throws `ArgumentError` for options out of range.
 */
export function lion(options: LionOptions = {}): Optimizer {
  const { beta1 = 0.9, weightDecay = 0 } = options;
  if (!(beta1 > 0 && beta1 <= 1)) {
    throw new ArgumentError(`lion: beta1 is ${beta1}, expected a number above 0 and at most 1`);
  }
  const beta2 = expectRange("lion: beta2", options.beta2 ?? 0.99, 0, 1);
  return makeOptimizer("lion", options, 0.001, {
    slots: ["momentum"],
    decays: true,
    update({ graph, parameters, gradients, slots }) {
      graph.apply("lionUpdate", [parameters, gradients, ...slots], { beta1, beta2, weightDecay });
    },
    className: "Lion",
    config: { beta1, beta2 },
  });
}

/** Values of the option `optimizer`. */
export type OptimizerName = "sgd" | "rmsprop" | "adam" | "adamW" | "nadam" | "adagrad" | "lion";

const named: { readonly [N in OptimizerName]: () => Optimizer } = {
  sgd,
  rmsprop,
  adam,
  adamW,
  nadam,
  adagrad,
  lion,
};

/** The optimizer behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveOptimizer(option: OptimizerName | Optimizer): Optimizer {
  return typeof option === "string" ? lookUp("optimizer", option, named)() : option;
}

export type { OptimizerOptions } from "./makeOptimizer.js";
export type { Optimizer, OptimizerStepValues, StepPhases, UpdateContext } from "./optimizer.js";

const classes: Classes<Optimizer> = {
  SGD: sgd,
  RMSprop: rmsprop,
  Adam: adam,
  AdamW: adamW,
  Nadam: nadam,
  Adagrad: adagrad,
  Lion: lion,
};

/** Options that are true or false; all others are numbers. */
const flags: readonly string[] = ["useEma", "nesterov", "centered", "amsgrad"];

/** An optimizer from its plain JSON. Throws `ArgumentError` for an unknown class. */
export function optimizerFromConfig(value: JsonValue, customObjects: CustomObjects): Optimizer {
  const { className, config } = expectObjectConfig("the optimizer", value);
  for (const [name, option] of Object.entries(Object.hasOwn(customObjects, className) ? {} : config)) {
    const type = flags.includes(name) ? "boolean" : "number";
    if (name !== "learningRate" && typeof option !== type) {
      throw new ArgumentError(`optimizer ${className}: ${name} is ${brief(option)}, expected a ${type}`);
    }
  }
  if (config.learningRate === undefined || Object.hasOwn(customObjects, className)) {
    return fromObjectConfig("the optimizer", value, classes, customObjects);
  }
  // A schedule in it becomes one before the optimizer is made.
  const made = {
    ...config,
    learningRate: rateFromConfig(config.learningRate, customObjects),
  } as unknown as typeof config;
  return fromObjectConfig("the optimizer", { className, config: made }, classes, customObjects);
}
