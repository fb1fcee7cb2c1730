/**
 * loss = scale * sum of l1 |w| + l2 w^2, and its gradient dw = scale * (l1 sign(w) + 2 l2 w), sign(0) = 0.
 *
 * parameters [...] -> loss [1]. Cost: 4 bytes a parameter, 8 backward.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { elementwise } from "../wgsl/elementwise.js";
import { float, reads } from "../wgsl/shader.js";
import { total, totalScratch } from "../wgsl/totals.js";
import { type Kernel, scratch } from "./kernel.js";

export const penalty: Kernel<OpAttributes["penalty"]> = {
  workspaceBytes: ({ inputs: [parameters] }, target) => 4 * totalScratch(sizeOf(parameters!.shape), target),
  dispatches(call) {
    const { l1, l2, scale } = call.attributes;
    const [parameters] = call.inputs;
    const count = sizeOf(parameters!.shape);
    const length = totalScratch(count, call.target);
    return total({
      label: call.label,
      count,
      term: `${float(l1)} * abs(w[i]) + ${float(l2)} * w[i] * w[i]`,
      scale,
      tensors: { w: reads(parameters!) },
      output: call.outputs[0]!,
      partial: length > 0 ? scratch(call, "sums", 0, length) : undefined,
      target: call.target,
    });
  },
};

export const penaltyBackward: Kernel<OpAttributes["penaltyBackward"]> = {
  dispatches({ label, attributes: { l1, l2, scale }, inputs: [parameters], outputs: [gradient] }) {
    return [
      elementwise(
        { label, from: { w: parameters! }, to: { dw: gradient! } },
        () =>
          `let value = w[index]; dw[index] = ${float(scale * l1)} * sign(value) + ${float(2 * scale * l2)} * value;`,
      ),
    ];
  },
};
