/**
 * loss = sum over rows of w[r] * mean over c of (x[r,c] - t[r,c])^2, and its gradient dx[r,c] = scale w[r] 2 (x - t) / C.
 *
 * predictions [...,C], targets [...,C], weights [...] -> loss [1]. Cost: 8 (12 backward) bytes an element.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { rowSums } from "../wgsl/rowSums.js";
import { float, invocations, reads, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const meanSquaredError: Kernel<OpAttributes["meanSquaredError"]> = {
  dispatches({ label, inputs: [predictions, targets, weights], outputs: [lossSum] }) {
    const classes = predictions!.shape.at(-1)!;
    const row = `
    for (var i = row * ${classes}u; i < (row + 1u) * ${classes}u; i++) {
      let difference = x[i] - t[i];
      loss += difference * difference;
    }
    loss *= ${weights ? "w[row] * " : ""}${float(1 / classes)};`;
    return [
      rowSums(sizeOf(predictions!.shape) / classes, row, [{ into: "lossSum", from: "loss" }], {
        label,
        tensors: {
          x: reads(predictions!),
          t: reads(targets!),
          ...(weights ? { w: reads(weights) } : {}),
          lossSum: writes(lossSum!),
        },
      }),
    ];
  },
};

export const meanSquaredErrorBackward: Kernel<OpAttributes["meanSquaredErrorBackward"]> = {
  dispatches({ label, attributes, inputs: [predictions, targets, weights], outputs: [gradient] }) {
    const classes = predictions!.shape.at(-1)!;
    const factor = `${float((2 * attributes.scale) / classes)}${weights ? ` * w[index / ${classes}u]` : ""}`;
    return [
      invocations(sizeOf(predictions!.shape), `dx[index] = ${factor} * (x[index] - t[index]);`, {
        label,
        tensors: {
          x: reads(predictions!),
          t: reads(targets!),
          ...(weights ? { w: reads(weights) } : {}),
          dx: writes(gradient!),
        },
      }),
    ];
  },
};
