import type { KernelOf } from "./kernel.js";

/**
 * mean[c] = sum over rows of x / R; variance[c] = sum over rows of (x - mean)^2 / R;
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * input [...,C], gamma [C] with scale, beta [C] with center -> [...,C], mean [C], variance [C]
 */
export const batchNorm: KernelOf<"batchNorm"> = ({ inputs: [input, ...vectors], outputs, attributes }) => {
  const [x, y] = [input!.data, outputs[0]!.data];
  const channels = outputs[1]!.data.length;
  const rows = x.length / channels;
  const gamma = attributes.scale ? vectors[0]!.data : undefined;
  const beta = attributes.center ? vectors.at(-1)!.data : undefined;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let i = c; i < x.length; i += channels) {
      sum += x[i]!;
    }
    const mean = sum / rows;
    let squares = 0;
    for (let i = c; i < x.length; i += channels) {
      squares += (x[i]! - mean) ** 2;
    }
    const variance = squares / rows;
    const factor = (gamma?.[c] ?? 1) / Math.sqrt(variance + attributes.epsilon);
    for (let i = c; i < x.length; i += channels) {
      y[i] = (x[i]! - mean) * factor + (beta?.[c] ?? 0);
    }
    outputs[1]!.data[c] = mean;
    outputs[2]!.data[c] = variance;
  }
};

/**
 * scaleGradient[c] = sum over rows of dy (x - mean) / sqrt(variance + epsilon); offsetGradient[c] = sum over rows of dy
 *
 * outputGradient [...,C], input [...,C], mean [C], variance [C] -> [C], [C]
 */
export const batchNormBackwardSums: KernelOf<"batchNormBackwardSums"> = ({ inputs, outputs, attributes }) => {
  const [dy, x, mean, variance] = inputs.map(({ data }) => data);
  const channels = mean!.length;
  for (let c = 0; c < channels; c++) {
    let products = 0;
    let sum = 0;
    for (let i = c; i < x!.length; i += channels) {
      products += dy![i]! * (x![i]! - mean![c]!);
      sum += dy![i]!;
    }
    outputs[0]!.data[c] = products / Math.sqrt(variance![c]! + attributes.epsilon);
    outputs[1]!.data[c] = sum;
  }
};

/**
 * dx = gamma / sqrt(variance + epsilon) (dy - offsetGradient / R - xhat scaleGradient / R),
 * xhat = (x - mean) / sqrt(variance + epsilon)
 *
 * outputGradient [...,C], input [...,C], mean, variance, scaleGradient, offsetGradient [C], gamma [C] with scale -> [...,C]
 */
export const batchNormBackwardInput: KernelOf<"batchNormBackwardInput"> = ({ inputs, outputs, attributes }) => {
  const [dy, x, mean, variance, scaleGradient, offsetGradient, gamma] = inputs.map(({ data }) => data);
  const dx = outputs[0]!.data;
  const channels = mean!.length;
  const rows = dx.length / channels;
  for (let c = 0; c < channels; c++) {
    const inverse = 1 / Math.sqrt(variance![c]! + attributes.epsilon);
    const offset = offsetGradient![c]! / rows;
    const slope = (inverse * scaleGradient![c]!) / rows;
    const factor = inverse * (gamma?.[c] ?? 1);
    for (let i = c; i < dx.length; i += channels) {
      dx[i] = factor * (dy![i]! - offset - (x![i]! - mean![c]!) * slope);
    }
  }
};
