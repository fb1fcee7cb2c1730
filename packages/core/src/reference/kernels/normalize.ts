import type { KernelOf } from "./kernel.js";

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * input [...,C], mean [C], variance [C], gamma [C] with scale, beta [C] with center -> [...,C]
 */
export const normalize: KernelOf<"normalize"> = ({ inputs, outputs: [output], attributes }) => {
  const [x, mean, variance, ...vectors] = inputs.map(({ data }) => data);
  const y = output!.data;
  const channels = mean!.length;
  const gamma = attributes.scale ? vectors[0] : undefined;
  const beta = attributes.center ? vectors.at(-1) : undefined;
  for (let i = 0; i < y.length; i++) {
    const c = i % channels;
    const factor = (gamma?.[c] ?? 1) / Math.sqrt(variance![c]! + attributes.epsilon);
    y[i] = (x![i]! - mean![c]!) * factor + (beta?.[c] ?? 0);
  }
};

/** dx = gamma dy / sqrt(variance + epsilon); outputGradient [...,C], variance [C], gamma [C] with scale -> [...,C] */
export const normalizeBackwardInput: KernelOf<"normalizeBackwardInput"> = ({ inputs, outputs, attributes }) => {
  const [dy, variance, gamma] = inputs.map(({ data }) => data);
  const dx = outputs[0]!.data;
  const channels = variance!.length;
  for (let i = 0; i < dx.length; i++) {
    const c = i % channels;
    dx[i] = (dy![i]! * (gamma?.[c] ?? 1)) / Math.sqrt(variance![c]! + attributes.epsilon);
  }
};
