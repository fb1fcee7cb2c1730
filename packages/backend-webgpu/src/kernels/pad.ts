/**
 * y[o] = x[o - before], 0 where that lies outside x; negative padding cuts off. [A,B,C,D] or fewer axes -> the padded shape.
 *
 * Cost: 4 bytes an element of x that is left and 4 of y. Axes without padding are joined with the one before them, so that most
 * kernels see one or two axes; an invocation writes a vector where the last axis goes in whole vectors.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

interface Axis {
  readonly size: number;
  readonly before: number;
  readonly padded: number;
}

/** The axes, those that are not padded joined with the one before: their numbers count as one, in multiples of their size. */
function joinedAxes(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = [];
  for (const axis of axes) {
    const last = joined.at(-1);
    if (last !== undefined && axis.before === 0 && axis.padded === axis.size) {
      const { size, before, padded } = last;
      joined[joined.length - 1] = { size: size * axis.size, before: before * axis.size, padded: padded * axis.size };
    } else {
      joined.push(axis);
    }
  }
  return joined;
}

export const pad: Kernel<OpAttributes["pad"]> = {
  dispatches({ label, attributes, inputs: [input], outputs: [output] }) {
    const axes = joinedAxes(
      input!.shape.map((size, axis) => ({
        size,
        before: attributes.before[axis]!,
        padded: output!.shape[axis]!,
      })),
    );
    const last = axes.at(-1)!;
    const width = [last.size, Math.abs(last.before), last.padded].map(vectorWidth).reduce((a, b) => (a < b ? a : b));
    const vectors = axes.with(-1, {
      size: last.size / width,
      before: last.before / width,
      padded: last.padded / width,
    });
    const type = floats(width);
    // From the last axis on: the place along it, then what is left of the index.
    const places = vectors.map(({ before, padded }, axis) => {
      const behind = vectors.slice(axis + 1).reduce((product, other) => product * other.padded, 1);
      const along = axis === 0 ? `index / ${behind}u` : `index / ${behind}u % ${padded}u`;
      return `let o${axis} = i32(${along}) - ${before};`;
    });
    const inside = vectors.map(({ size }, axis) => `o${axis} >= 0 && o${axis} < ${size}`).join(" && ");
    const at = vectors.reduce((sum, { size }, axis) => (axis === 0 ? "o0" : `(${sum} * ${size} + o${axis})`), "");
    const body = `
    ${places.join("\n    ")}
    var value = ${type}();
    if (${inside}) { value = x[u32(${at})]; }
    y[index] = value;`;
    return [
      invocations(sizeOf(output!.shape) / width, body, {
        label,
        tensors: { x: reads(input!, type), y: writes(output!, type) },
      }),
    ];
  },
};
