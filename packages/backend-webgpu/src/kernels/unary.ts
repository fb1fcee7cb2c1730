/**
 * y[i] = f(x[i]) and dx[i] = dy[i] f'(x[i]), f' computed from y[i] or x[i] as core's `unary` says; [...] -> [...].
 *
 * Cost: 8 (12 backward) bytes an element. One invocation takes a vector of four where the tensor has whole vectors.
 */

import type { OpAttributes } from "@convoy/core/backend";
import { sizeOf } from "@convoy/core/backend";
import { activateDeclaration, slopeDeclaration } from "../wgsl/activation.js";
import { floats, invocations, mapped, reads, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const unary: Kernel<OpAttributes["unary"]> = {
  dispatches({ label, attributes, inputs: [input], outputs: [output] }) {
    const size = sizeOf(input!.shape);
    const width = vectorWidth(size);
    const type = floats(width);
    const body = `let value = x[index]; y[index] = ${mapped("activate", "value", width)};`;
    return [
      invocations(size / width, body, {
        label,
        tensors: { x: reads(input!, type), y: writes(output!, type) },
        declarations: activateDeclaration(attributes),
      }),
    ];
  },
};

export const unaryBackward: Kernel<OpAttributes["unaryBackward"]> = {
  dispatches({ label, attributes, inputs: [outputGradient, operand], outputs: [inputGradient] }) {
    const size = sizeOf(operand!.shape);
    const width = vectorWidth(size);
    const type = floats(width);
    const body = `let value = y[index]; dx[index] = dy[index] * ${mapped("slope", "value", width)};`;
    return [
      invocations(size / width, body, {
        label,
        tensors: {
          dy: reads(outputGradient!, type),
          y: reads(operand!, type),
          dx: writes(inputGradient!, type),
        },
        declarations: slopeDeclaration(attributes),
      }),
    ];
  },
};
