import { expectSameShape } from "./checks.js";
import { type OpDefinition, sizeOf, type TensorSpec } from "./definition.js";

/*
 * One op updates all trainable parameters: parameters, gradients and slots are flat buffers of the same length [P].
 * `learningRate`, `stepSize` (the learning rate after bias correction), `gradientStep` and `secondMomentScale` come from the
 * step table.
 */

export interface SgdUpdateAttributes {
  /** 0 for plain gradient descent: then there is no velocity input. */
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface RmspropUpdateAttributes {
  /** Decay of the mean square. */
  readonly rho: number;
  /** 0 for none: then there is no velocity input. */
  readonly momentum: number;
  readonly epsilon: number;
  /** Whether the variance instead of the mean square divides: then there is a mean input. */
  readonly centered: boolean;
}

export interface AdamUpdateAttributes {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay (AdamW); 0 for plain Adam. */
  readonly weightDecay: number;
  /** Whether the largest second moment so far divides: then there is a fifth input. */
  readonly amsgrad: boolean;
}

export interface AdagradUpdateAttributes {
  readonly epsilon: number;
}

export interface NadamUpdateAttributes {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface LionUpdateAttributes {
  /** Share of the momentum in the direction of the step. */
  readonly beta1: number;
  /** Decay of the momentum. */
  readonly beta2: number;
  /** Decoupled weight decay; 0 for none. */
  readonly weightDecay: number;
}

export interface DecayWeightsAttributes {
  /** Share that is taken off, times the learning rate. */
  readonly rate: number;
}

function expectFlat(op: string, names: readonly string[], inputs: readonly TensorSpec[]): void {
  inputs.forEach((input, position) => {
    expectSameShape(`${op}: ${names[position]}`, input.shape, inputs[0]!.shape);
  });
}

/**
 * Without momentum: w -= stepSize g. With: v = momentum v - stepSize g, then w += v, or with Nesterov
 * w += momentum v - stepSize g (Keras' SGD).
 */
export const sgdUpdate: OpDefinition<SgdUpdateAttributes> = {
  summary:
    "gradient descent: parameters [P], gradients [P], velocity [P] with momentum; parameters and velocity updated",
  inputs: ["parameters", "gradients", "velocity"],
  optionalInputs: 1,
  outputs: [],
  updates: [0, 2],
  inferOutputs(inputs) {
    expectFlat("sgdUpdate", sgdUpdate.inputs, inputs);
    return [];
  },
  flops: ([parameters], _, { momentum }) => (momentum > 0 ? 4 : 2) * sizeOf(parameters!.shape),
};

/**
 * s = rho s + (1 - rho) g^2; centered: m = rho m + (1 - rho) g, d = s - m^2, else d = s; u = stepSize g / sqrt(d + epsilon);
 * with momentum v = momentum v + u, w -= v, else w -= u (Keras' RMSprop). The inputs after meanSquare are velocity
 * (momentum > 0), then mean (centered).
 */
export const rmspropUpdate: OpDefinition<RmspropUpdateAttributes> = {
  summary: "RMSprop: parameters [P], gradients [P], meanSquare [P] and slots as set; parameters and slots updated",
  inputs: ["parameters", "gradients", "meanSquare", "velocityOrMean", "mean"],
  optionalInputs: 2,
  outputs: [],
  updates: [0, 2, 3, 4],
  inferOutputs(inputs) {
    expectFlat("rmspropUpdate", rmspropUpdate.inputs, inputs);
    return [];
  },
  flops: ([parameters]) => 8 * sizeOf(parameters!.shape),
};

/**
 * m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v); w -= learningRate weightDecay w; w -= stepSize m / (sqrt(v) + epsilon),
 * where stepSize = learningRate sqrt(1 - beta2^t) / (1 - beta1^t). Kingma and Ba, 2015, section 2's second form, as in Keras;
 * weight decay after Loshchilov and Hutter, 2019; with amsgrad v is replaced by its largest value so far.
 */
export const adamUpdate: OpDefinition<AdamUpdateAttributes> = {
  summary:
    "Adam: parameters [P], gradients [P], firstMoment [P], secondMoment [P], with amsgrad the largest [P]; all but gradients updated",
  inputs: ["parameters", "gradients", "firstMoment", "secondMoment", "largestSecondMoment"],
  optionalInputs: 1,
  outputs: [],
  updates: [0, 2, 3, 4],
  inferOutputs(inputs) {
    expectFlat("adamUpdate", adamUpdate.inputs, inputs);
    return [];
  },
  flops: ([parameters]) => 12 * sizeOf(parameters!.shape),
};

/** a += g^2; w -= stepSize g / sqrt(a + epsilon). Duchi et al., 2011, as in Keras, where a starts at 0.1. */
export const adagradUpdate: OpDefinition<AdagradUpdateAttributes> = {
  summary: "Adagrad: parameters [P], gradients [P], accumulator [P]; parameters and accumulator updated",
  inputs: ["parameters", "gradients", "accumulator"],
  outputs: [],
  updates: [0, 2],
  inferOutputs(inputs) {
    expectFlat("adagradUpdate", adagradUpdate.inputs, inputs);
    return [];
  },
  flops: ([parameters]) => 7 * sizeOf(parameters!.shape),
};

/**
 * m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v);
 * w -= (stepSize m + gradientStep g) / (sqrt(secondMomentScale v) + epsilon), where the step's values follow from beta1, beta2
 * and the learning rate by `nadamSteps`. Dozat, 2015, as in Keras.
 */
export const nadamUpdate: OpDefinition<NadamUpdateAttributes> = {
  summary: "Nadam: parameters [P], gradients [P], firstMoment [P], secondMoment [P]; all but gradients updated",
  inputs: ["parameters", "gradients", "firstMoment", "secondMoment"],
  outputs: [],
  updates: [0, 2, 3],
  inferOutputs(inputs) {
    expectFlat("nadamUpdate", nadamUpdate.inputs, inputs);
    return [];
  },
  flops: ([parameters]) => 15 * sizeOf(parameters!.shape),
};

/**
 * w -= learningRate weightDecay w; w -= stepSize sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g, where sign(0) = 0.
 * Chen et al., 2023, as in Keras.
 */
export const lionUpdate: OpDefinition<LionUpdateAttributes> = {
  summary: "Lion: parameters [P], gradients [P], momentum [P]; parameters and momentum updated",
  inputs: ["parameters", "gradients", "momentum"],
  outputs: [],
  updates: [0, 2],
  inferOutputs(inputs) {
    expectFlat("lionUpdate", lionUpdate.inputs, inputs);
    return [];
  },
  flops: ([parameters], _, { weightDecay }) => (weightDecay > 0 ? 11 : 9) * sizeOf(parameters!.shape),
};

/** w -= learningRate rate w: decoupled weight decay for updates that have none of their own, before them. */
export const decayWeights: OpDefinition<DecayWeightsAttributes> = {
  summary: "decoupled weight decay: parameters [P] updated",
  inputs: ["parameters"],
  outputs: [],
  updates: [0],
  inferOutputs: () => [],
  flops: ([parameters]) => 2 * sizeOf(parameters!.shape),
};
