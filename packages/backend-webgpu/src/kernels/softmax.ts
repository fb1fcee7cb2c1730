/**
 * y[r,c] = e^(x[r,c] - m) / sum over k of e^(x[r,k] - m), m = max of row r; dx[r,c] = y (dy[r,c] - sum over k of dy y).
 *
 * [...,C] -> [...,C]. Cost: 8 (12 backward) bytes an element and one exponential; one invocation a row.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { invocations, reads, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

/** Writes softmax of row `row` of x to p; leaves the largest logit in `largest` and the sum in `total`. */
export function softmaxRow(classes: number): string {
  return `
    let start = row * ${classes}u;
    var largest = x[start];
    for (var c = 1u; c < ${classes}u + zero; c++) { largest = max(largest, x[start + c]); }
    var total = 0.0;
    for (var c = 0u; c < ${classes}u + zero; c++) {
      let e = exponential(x[start + c] - largest);
      p[start + c] = e;
      total += e;
    }
    for (var c = 0u; c < ${classes}u + zero; c++) { p[start + c] /= total; }`;
}

/** e^x for x <= 0, 0 where it would underflow: left to itself a device may do anything there. NaN stays NaN. */
export const exponentialDeclaration = `fn exponential(x: f32) -> f32 { return select(exp(max(x, -87.0)), 0.0, x < -87.0) + 0.0 * x; }
`;

export const softmax: Kernel<OpAttributes["softmax"]> = {
  dispatches({ label, inputs: [input], outputs: [output] }) {
    const classes = input!.shape.at(-1)!;
    const rows = sizeOf(input!.shape) / classes;
    return [
      invocations(rows, `let row = index;${softmaxRow(classes)}`, {
        label,
        tensors: { x: reads(input!), p: writes(output!) },
        declarations: exponentialDeclaration,
      }),
    ];
  },
};

export const softmaxBackward: Kernel<OpAttributes["softmaxBackward"]> = {
  dispatches({ label, inputs: [outputGradient, output], outputs: [inputGradient] }) {
    const classes = output!.shape.at(-1)!;
    const body = `
    let start = index * ${classes}u;
    var dot = 0.0;
    for (var c = 0u; c < ${classes}u + zero; c++) { dot += dy[start + c] * y[start + c]; }
    for (var c = 0u; c < ${classes}u + zero; c++) { dx[start + c] = y[start + c] * (dy[start + c] - dot); }`;
    return [
      invocations(sizeOf(output!.shape) / classes, body, {
        label,
        tensors: { dy: reads(outputGradient!), y: reads(output!), dx: writes(inputGradient!) },
      }),
    ];
  },
};
