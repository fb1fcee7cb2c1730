/**
 * mean[c] = sum over rows of x / R; variance[c] = sum over rows of (x - mean)^2 / R; y = gamma xhat + beta with
 * xhat = (x - mean) / sqrt(variance + epsilon). Gradient: scaleGradient[c] = sum over rows of dy xhat, offsetGradient[c] = sum
 * over rows of dy; dx = gamma / sqrt(variance + epsilon) (dy - offsetGradient / R - xhat scaleGradient / R).
 *
 * input [...,C], gamma [C], beta [C] -> [...,C], mean [C], variance [C]. Two passes each way, as few as there can be: statistics,
 * then the elements; 12 bytes an element forward, 20 backward. Statistics are merged means and squared deviations, so nothing
 * cancels where the mean is far from 0. Not measured yet.
 */

import { type OpAttributes, type OpInstance, type Shape, sizeOf } from "@convoy/core/backend";
import { channelwise } from "../wgsl/channelwise.js";
import { columnReduction, columnReductionScratch } from "../wgsl/columnReduction.js";
import { inverseDeviation } from "../wgsl/normalization.js";
import { float, reads, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import { batchNormDispatches, batchNormWorkspace } from "./fusedBatchNorm.js";
import { type Kernel, type KernelCall, scratch } from "./kernel.js";

function rowsAndColumns(shape: Shape): { readonly rows: number; readonly columns: number } {
  const columns = shape.at(-1)!;
  return { rows: sizeOf(shape) / columns, columns };
}

/** Workspace in float32 numbers of both reductions: two numbers a column and block. */
function statisticsScratch(shape: Shape, target: KernelTarget): number {
  return columnReductionScratch({ ...rowsAndColumns(shape), target }, 2);
}

const workspaceBytes = ({ inputs }: OpInstance, target: KernelTarget): number =>
  4 * statisticsScratch(inputs[0]!.shape, target);

export const batchNorm: Kernel<OpAttributes["batchNorm"]> = {
  workspaceBytes: batchNormWorkspace,
  dispatches: (call) => batchNormDispatches(call as unknown as KernelCall),
};

export const batchNormBackwardSums: Kernel<OpAttributes["batchNormBackwardSums"]> = {
  workspaceBytes,
  dispatches(call) {
    const { label, attributes, target } = call;
    const [dy, x, mean, variance] = call.inputs;
    const [scaleGradient, offsetGradient] = call.outputs;
    const length = statisticsScratch(x!.shape, target);
    return columnReduction({
      label,
      ...rowsAndColumns(x!.shape),
      target,
      tensors: (type) => ({
        dy: reads(dy!, type),
        x: reads(x!, type),
        meanOf: reads(mean!, type),
        varianceOf: reads(variance!, type),
      }),
      results: (type) => ({
        scaleGradient: writes(scaleGradient!, type),
        offsetGradient: writes(offsetGradient!, type),
      }),
      state: ["products", "sum"],
      walk: ({ vectors }) => `let centre = meanOf[column];
    for (var row = first; row < end; row += stride) {
      let at = row * ${vectors}u + column;
      let gradient = dy[at];
      products += gradient * (x[at] - centre);
      sum += gradient;
    }`,
      merge: "products += productsOther; sum += sumOther;",
      finish: `scaleGradient[column] = products * ${inverseDeviation("varianceOf[column]", attributes.epsilon)};
    offsetGradient[column] = sum;`,
      partial: length > 0 ? scratch(call, "sums", 0, length) : undefined,
    });
  },
};

export const batchNormBackwardInput: Kernel<OpAttributes["batchNormBackwardInput"]> = {
  dispatches({ label, attributes: { epsilon }, inputs, outputs: [dx] }) {
    const [dy, x, mean, variance, scaleGradient, offsetGradient, gamma] = inputs;
    const { rows } = rowsAndColumns(x!.shape);
    return [
      channelwise({
        label,
        from: {
          dy: dy!,
          x: x!,
          mean: mean!,
          variance: variance!,
          scaleGradient: scaleGradient!,
          offsetGradient: offsetGradient!,
          ...(gamma ? { gamma } : {}),
        },
        to: { dx: dx! },
        factors: `let inverse = ${inverseDeviation("variance[column]", epsilon)};
    let centre = mean[column];
    let offset = offsetGradient[column] * ${float(1 / rows)};
    let slope = inverse * scaleGradient[column] * ${float(1 / rows)};
    let factor = inverse${gamma ? " * gamma[column]" : ""};`,
        each: "dx[at] = factor * (dy[at] - offset - (x[at] - centre) * slope);",
      }),
    ];
  },
};
