/**
 * loss = sum over rows of w[r] * mean over c of v[r,c], and its gradient dv[r,c] = scale w[r] / C.
 *
 * values [...,C], weights [...] -> loss [1]. Cost: 4 bytes an element each way; the gradient does not read the values.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { float, floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import { total, totalScratch } from "../wgsl/totals.js";
import { type Kernel, scratch } from "./kernel.js";

export const weightedMean: Kernel<OpAttributes["weightedMean"]> = {
  workspaceBytes: ({ inputs: [values] }, target) => 4 * totalScratch(sizeOf(values!.shape), target),
  dispatches(call) {
    const [values, weights] = call.inputs;
    const classes = values!.shape.at(-1)!;
    const count = sizeOf(values!.shape);
    const length = totalScratch(count, call.target);
    return total({
      label: call.label,
      count,
      term: weights ? `w[i / ${classes}u] * v[i]` : "v[i]",
      scale: 1 / classes,
      tensors: { v: reads(values!), ...(weights ? { w: reads(weights) } : {}) },
      output: call.outputs[0]!,
      partial: length > 0 ? scratch(call, "sums", 0, length) : undefined,
      target: call.target,
    });
  },
};

export const weightedMeanBackward: Kernel<OpAttributes["weightedMeanBackward"]> = {
  dispatches({ label, attributes, inputs: [values, weights], outputs: [gradient] }) {
    const classes = values!.shape.at(-1)!;
    const width = vectorWidth(classes);
    const type = floats(width);
    const factor = float(attributes.scale / classes);
    const value = weights ? `${factor} * w[index / ${classes / width}u]` : factor;
    return [
      invocations(sizeOf(values!.shape) / width, `dv[index] = ${type}(${value});`, {
        label,
        tensors: { ...(weights ? { w: reads(weights) } : {}), dv: writes(gradient!, type) },
      }),
    ];
  },
};
