/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta with given statistics, and its gradient
 * dx = gamma dy / sqrt(variance + epsilon). input [...,C], mean, variance, gamma, beta [C] -> [...,C].
 *
 * Cost: 8 bytes and 3 (1 backward) FLOP an element, one launch; the roots are taken once for several rows.
 */

import type { OpAttributes, PlanValue } from "@convoy/core/backend";
import { channelwise } from "../wgsl/channelwise.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { gammaAndBeta, inverseDeviation } from "../wgsl/normalization.js";
import type { Kernel } from "./kernel.js";

function normalized(
  label: string,
  tensors: { readonly x: PlanValue; readonly mean: PlanValue; readonly variance: PlanValue; readonly y: PlanValue },
  vectors: { readonly gamma?: PlanValue; readonly beta?: PlanValue },
  epsilon: number,
): Dispatch {
  const { x, mean, variance, y } = tensors;
  const { gamma, beta } = vectors;
  return channelwise({
    label,
    from: { x, mean, variance, ...vectors },
    to: { y },
    factors: `let factor = ${gamma ? "gamma[column] * " : ""}${inverseDeviation("variance[column]", epsilon)};
    let centre = mean[column];
    ${beta ? "let offset = beta[column];" : ""}`,
    each: `y[at] = (x[at] - centre) * factor${beta ? " + offset" : ""};`,
  });
}

export const normalize: Kernel<OpAttributes["normalize"]> = {
  dispatches({ label, attributes, inputs: [x, mean, variance, ...vectors], outputs: [y] }) {
    const tensors = { x: x!, mean: mean!, variance: variance!, y: y! };
    return [normalized(label, tensors, gammaAndBeta(vectors, attributes), attributes.epsilon)];
  },
};

export const normalizeBackwardInput: Kernel<OpAttributes["normalizeBackwardInput"]> = {
  dispatches({ label, attributes: { epsilon }, inputs: [dy, variance, gamma], outputs: [dx] }) {
    return [
      channelwise({
        label,
        from: { dy: dy!, variance: variance!, ...(gamma ? { gamma } : {}) },
        to: { dx: dx! },
        factors: `let factor = ${gamma ? "gamma[column] * " : ""}${inverseDeviation("variance[column]", epsilon)};`,
        each: "dx[at] = dy[at] * factor;",
      }),
    ];
  },
};
