/**
 * p = sigmoid(x); loss = sum over rows of w[r] * mean over c of max(x, 0) - x t + ln(1 + e^-|x|), and its gradient
 * dx[r,c] = scale w[r] (p[r,c] - t[r,c]) / C.
 *
 * logits [...,C], targets [...,C], weights [...] -> loss [1], probabilities [...,C]. Cost: about 12 bytes an element.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { rowSums } from "../wgsl/rowSums.js";
import { float, invocations, reads, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const sigmoidCrossEntropy: Kernel<OpAttributes["sigmoidCrossEntropy"]> = {
  dispatches({ label, inputs: [logits, targets, weights], outputs: [lossSum, probabilities] }) {
    const classes = logits!.shape.at(-1)!;
    const row = `
    for (var i = row * ${classes}u; i < (row + 1u) * ${classes}u; i++) {
      let value = x[i];
      let e = exp(-min(abs(value), 87.0));
      loss += max(value, 0.0) - value * t[i] + log(1.0 + e);
      p[i] = select(e, 1.0, value >= 0.0) / (1.0 + e);
    }
    loss *= ${weights ? "w[row] * " : ""}${float(1 / classes)};`;
    return [
      rowSums(sizeOf(logits!.shape) / classes, row, [{ into: "lossSum", from: "loss" }], {
        label,
        tensors: {
          x: reads(logits!),
          t: reads(targets!),
          ...(weights ? { w: reads(weights) } : {}),
          lossSum: writes(lossSum!),
          p: writes(probabilities!),
        },
      }),
    ];
  },
};

export const sigmoidCrossEntropyBackward: Kernel<OpAttributes["sigmoidCrossEntropyBackward"]> = {
  dispatches({ label, attributes, inputs: [probabilities, targets, weights], outputs: [gradient] }) {
    const classes = probabilities!.shape.at(-1)!;
    const factor = `${float(attributes.scale / classes)}${weights ? ` * w[index / ${classes}u]` : ""}`;
    return [
      invocations(sizeOf(probabilities!.shape), `dx[index] = ${factor} * (p[index] - t[index]);`, {
        label,
        tensors: {
          p: reads(probabilities!),
          t: reads(targets!),
          ...(weights ? { w: reads(weights) } : {}),
          dx: writes(gradient!),
        },
      }),
    ];
  },
};
