/** What changes from step to step in Nadam, for the step table. */
export interface NadamSteps {
  /** Multiplies the first moment. */
  readonly stepSize: number;
  /** Multiplies the gradient. */
  readonly gradientStep: number;
  /** Multiplies the second moment: its bias correction. */
  readonly secondMomentScale: number;
}

/** Decay of the part that lowers the momentum in the first steps. */
const warmUpDecay = 0.96;

/** Share of the first moment in step `t`, counted from 1: u_t = beta1 (1 - 0.96^t / 2). */
function momentumAt(t: number, beta1: number): number {
  return beta1 * (1 - 0.5 * warmUpDecay ** t);
}

/**
 * Nadam's step values, t = iteration + 1: stepSize = rate u_{t+1} / (1 - U_{t+1}), gradientStep = rate (1 - u_t) / (1 - U_t),
 * secondMomentScale = 1 / (1 - beta2^t), with u_t = beta1 (1 - 0.96^t / 2) and U_t = u_1 u_2 ... u_t. Dozat, 2015, as in Keras.
 * Computed from the iteration alone, so that training can go on from any step.
 */
export function nadamSteps(iteration: number, learningRate: number, beta1: number, beta2: number): NadamSteps {
  const t = iteration + 1;
  let product = 1;
  // With beta1 below 1 the product soon is 0 for every purpose: what is left of it cannot change 1 - U.
  for (let i = 1; i <= t && product > 2 ** -60; i++) {
    product *= momentumAt(i, beta1);
  }
  const next = momentumAt(t + 1, beta1);
  return {
    stepSize: (learningRate * next) / (1 - product * next),
    gradientStep: (learningRate * (1 - momentumAt(t, beta1))) / (1 - product),
    secondMomentScale: 1 / (1 - beta2 ** t),
  };
}
