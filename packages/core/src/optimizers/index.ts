import { expectRange } from "../checkOption.js";
import { lookUp } from "../names.js";
import { makeOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.js";

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
    slots: momentum > 0 ? 1 : 0,
    update({ graph, parameters, gradients, slots }) {
      graph.apply("sgdUpdate", [parameters, gradients, ...slots], { momentum, nesterov });
    },
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
    slots: 1 + (momentum > 0 ? 1 : 0) + (centered ? 1 : 0),
    update({ graph, parameters, gradients, slots }) {
      graph.apply("rmspropUpdate", [parameters, gradients, ...slots], { rho, momentum, epsilon, centered });
    },
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

export interface AdamWOptions extends AdamOptions {
  /** Share of each parameter taken off a step, times the learning rate; default 0.004. */
  readonly weightDecay?: number;
}

function adamFamily(name: string, options: AdamOptions, weightDecay: number): Optimizer {
  const beta1 = expectRange(`${name}: beta1`, options.beta1 ?? 0.9, 0, 1);
  const beta2 = expectRange(`${name}: beta2`, options.beta2 ?? 0.999, 0, 1);
  const { epsilon = 1e-7, amsgrad = false } = options;
  return makeOptimizer(name, options, 0.001, {
    slots: amsgrad ? 3 : 2,
    stepSize: (iteration, learningRate) =>
      (learningRate * Math.sqrt(1 - beta2 ** (iteration + 1))) / (1 - beta1 ** (iteration + 1)),
    update({ graph, parameters, gradients, slots }) {
      const attributes = { beta1, beta2, epsilon, weightDecay, amsgrad };
      graph.apply("adamUpdate", [parameters, gradients, ...slots], attributes);
    },
  });
}

/** Adam (Kingma and Ba, 2015), learning rate 0.001. Keras' `Adam`. Throws `ArgumentError` for options out of range. */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamFamily("adam", options, 0);
}

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019), learning rate 0.001. Keras' `AdamW`. Throws like `adam`. */
export function adamW(options: AdamWOptions = {}): Optimizer {
  return adamFamily("adamW", options, expectRange("adamW: weightDecay", options.weightDecay ?? 0.004, 0, Infinity));
}

/** Values of the option `optimizer`. */
export type OptimizerName = "sgd" | "rmsprop" | "adam" | "adamW";

const named: { readonly [N in OptimizerName]: () => Optimizer } = { sgd, rmsprop, adam, adamW };

/** The optimizer behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveOptimizer(option: OptimizerName | Optimizer): Optimizer {
  return typeof option === "string" ? lookUp("optimizer", option, named)() : option;
}

export type { Optimizer, OptimizerOptions } from "./optimizer.js";
