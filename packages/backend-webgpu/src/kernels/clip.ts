/**
 * clipByValue: g = min(max(g, -limit), limit). clipByNorm: norm = sqrt(sum of g^2); where norm > limit, g = g limit / norm.
 * gradients [P] updated.
 *
 * Cost: 8 bytes a number (12 for the norm). The norm's squares are summed in blocks into the workspace; each invocation of
 * the second launch adds up the blocks for itself, in the same order everywhere, and scales its share.
 */

import { type OpAttributes, type Shape, sizeOf } from "@convoy/core/backend";
import { float, invocations, reads, writes } from "../wgsl/shader.js";
import { type Kernel, scratch } from "./kernel.js";

export const clipByValue: Kernel<OpAttributes["clipByValue"]> = {
  dispatches({ label, attributes: { limit }, inputs: [gradients] }) {
    return [
      invocations(sizeOf(gradients!.shape), `g[index] = min(max(g[index], ${float(-limit)}), ${float(limit)});`, {
        label,
        tensors: { g: writes(gradients!) },
      }),
    ];
  },
};

/** Sums of squares that are added up by every invocation of the second launch. */
function blocksOf(shape: Shape): number {
  return Math.min(256, Math.ceil(sizeOf(shape) / 64));
}

/** Elements that an invocation of the second launch scales: enough to outweigh its sum over the blocks. */
const numbersPerInvocation = 16;

export const clipByNorm: Kernel<OpAttributes["clipByNorm"]> = {
  workspaceBytes: ({ inputs: [gradients] }) => 4 * blocksOf(gradients!.shape),
  dispatches(call) {
    const [gradients] = call.inputs;
    const { limit } = call.attributes;
    const size = sizeOf(gradients!.shape);
    const blocks = blocksOf(gradients!.shape);
    const squares = scratch(call, "squares", 0, blocks);
    const sum = `
    var sum = 0.0;
    for (var i = index; i < ${size}u; i += ${blocks}u) { sum += g[i] * g[i]; }
    squares[index] = sum;`;
    const spacing = Math.ceil(size / numbersPerInvocation);
    const scale = `
    var sum = 0.0;
    for (var block = 0u; block < ${blocks}u; block++) { sum += squares[block]; }
    let norm = sqrt(sum);
    if (norm > ${float(limit)}) {
      for (var i = index; i < ${size}u; i += ${spacing}u) { g[i] = g[i] * ${float(limit)} / norm; }
    }`;
    return [
      invocations(blocks, sum, {
        label: `${call.label}, squares`,
        tensors: { g: reads(gradients!), squares: writes(squares) },
      }),
      invocations(spacing, scale, {
        label: call.label,
        tensors: { g: writes(gradients!), squares: reads(squares) },
      }),
    ];
  },
};
