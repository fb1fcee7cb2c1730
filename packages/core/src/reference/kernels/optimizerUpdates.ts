import type { KernelOf } from "./kernel.js";

/**
 * w -= s g; with momentum v = momentum v - s g, then w += v, or with Nesterov w += momentum v - s g; s = the step's stepSize
 *
 * parameters [P], gradients [P], velocity [P] with momentum; parameters and velocity updated
 */
export const sgdUpdate: KernelOf<"sgdUpdate"> = ({ inputs: [parameters, gradients, velocity], attributes, step }) => {
  const { momentum, nesterov } = attributes;
  const [w, g] = [parameters!.data, gradients!.data];
  if (velocity === undefined) {
    for (let i = 0; i < w.length; i++) {
      w[i] = w[i]! - step.stepSize * g[i]!;
    }
    return;
  }
  const v = velocity.data;
  for (let i = 0; i < w.length; i++) {
    const change = step.stepSize * g[i]!;
    const speed = momentum * v[i]! - change;
    v[i] = speed;
    w[i] = w[i]! + (nesterov ? momentum * speed - change : speed);
  }
};

/**
 * s = rho s + (1 - rho) g^2; d = s, centered s - m^2 with m = rho m + (1 - rho) g; u = stepSize g / sqrt(d + epsilon);
 * w -= u, with momentum v = momentum v + u and w -= v
 *
 * parameters [P], gradients [P], meanSquare [P], velocity [P] with momentum, mean [P] when centered; all but gradients updated
 */
export const rmspropUpdate: KernelOf<"rmspropUpdate"> = ({ inputs, attributes, step }) => {
  const { rho, momentum, epsilon, centered } = attributes;
  const [parameters, gradients, meanSquare, ...slots] = inputs;
  const [w, g, squares] = [parameters!.data, gradients!.data, meanSquare!.data];
  const velocity = momentum > 0 ? slots.shift()!.data : undefined;
  const mean = centered ? slots.shift()!.data : undefined;
  for (let i = 0; i < w.length; i++) {
    const gradient = g[i]!;
    const square = rho * squares[i]! + (1 - rho) * gradient * gradient;
    squares[i] = square;
    let divisor = square;
    if (mean) {
      const average = rho * mean[i]! + (1 - rho) * gradient;
      mean[i] = average;
      divisor -= average * average;
    }
    let change = (step.stepSize * gradient) / Math.sqrt(divisor + epsilon);
    if (velocity) {
      change += momentum * velocity[i]!;
      velocity[i] = change;
    }
    w[i] = w[i]! - change;
  }
};

/**
 * m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v); w -= learningRate weightDecay w; w -= stepSize m / (sqrt(v) + epsilon);
 * with amsgrad the largest v so far stands in the last formula
 *
 * parameters [P], gradients [P], firstMoment [P], secondMoment [P], largest [P] with amsgrad; all but gradients updated
 */
export const adamUpdate: KernelOf<"adamUpdate"> = ({ inputs, attributes, step }) => {
  const { beta1, beta2, epsilon, weightDecay } = attributes;
  const [w, g, m, v, largest] = inputs.map(({ data }) => data);
  const decay = step.learningRate * weightDecay;
  for (let i = 0; i < w!.length; i++) {
    const gradient = g![i]!;
    const first = m![i]! + (1 - beta1) * (gradient - m![i]!);
    const second = v![i]! + (1 - beta2) * (gradient * gradient - v![i]!);
    m![i] = first;
    v![i] = second;
    let divisor = second;
    if (largest) {
      divisor = Math.max(largest[i]!, second);
      largest[i] = divisor;
    }
    const kept = w![i]! - decay * w![i]!;
    w![i] = kept - (step.stepSize * first) / (Math.sqrt(divisor) + epsilon);
  }
};

/**
 * a += g^2; w -= stepSize g / sqrt(a + epsilon)
 *
 * parameters [P], gradients [P], accumulator [P]; parameters and accumulator updated
 */
export const adagradUpdate: KernelOf<"adagradUpdate"> = ({ inputs, attributes: { epsilon }, step }) => {
  const [w, g, a] = inputs.map(({ data }) => data);
  for (let i = 0; i < w!.length; i++) {
    const gradient = g![i]!;
    const total = a![i]! + gradient * gradient;
    a![i] = total;
    w![i] = w![i]! - (step.stepSize * gradient) / Math.sqrt(total + epsilon);
  }
};

/**
 * m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v);
 * w -= (stepSize m + gradientStep g) / (sqrt(secondMomentScale v) + epsilon)
 *
 * parameters [P], gradients [P], firstMoment [P], secondMoment [P]; all but gradients updated
 */
export const nadamUpdate: KernelOf<"nadamUpdate"> = ({ inputs, attributes: { beta1, beta2, epsilon }, step }) => {
  const { stepSize, gradientStep = 0, secondMomentScale = 0 } = step;
  const [w, g, m, v] = inputs.map(({ data }) => data);
  for (let i = 0; i < w!.length; i++) {
    const gradient = g![i]!;
    const first = m![i]! + (1 - beta1) * (gradient - m![i]!);
    const second = v![i]! + (1 - beta2) * (gradient * gradient - v![i]!);
    m![i] = first;
    v![i] = second;
    w![i] = w![i]! - (stepSize * first + gradientStep * gradient) / (Math.sqrt(secondMomentScale * second) + epsilon);
  }
};

/**
 * w -= learningRate weightDecay w; w -= stepSize sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g
 *
 * parameters [P], gradients [P], momentum [P]; parameters and momentum updated
 */
export const lionUpdate: KernelOf<"lionUpdate"> = ({ inputs, attributes: { beta1, beta2, weightDecay }, step }) => {
  const [w, g, m] = inputs.map(({ data }) => data);
  const decay = step.learningRate * weightDecay;
  for (let i = 0; i < w!.length; i++) {
    const [gradient, momentum] = [g![i]!, m![i]!];
    const kept = w![i]! - decay * w![i]!;
    w![i] = kept - step.stepSize * Math.sign(beta1 * momentum + (1 - beta1) * gradient);
    m![i] = beta2 * momentum + (1 - beta2) * gradient;
  }
};

/** w -= learningRate rate w; parameters [P] updated */
export const decayWeights: KernelOf<"decayWeights"> = ({ inputs: [parameters], attributes: { rate }, step }) => {
  const w = parameters!.data;
  for (let i = 0; i < w.length; i++) {
    w[i] = w[i]! - step.learningRate * rate * w[i]!;
  }
};
