/**
 * y = x with axis permutation[k] as axis k; up to four axes.
 *
 * Cost: 8 bytes an element. Axes that stay neighbours are joined. Where the last axis stays the last, vectors of it are copied;
 * otherwise an invocation takes a block of 4x4, reads four vectors of x and writes four of y, so that both sides go in whole
 * vectors, and single numbers where the sizes are no multiples of four. Not measured yet.
 */

import { type OpAttributes, type Shape, sizeOf } from "@convoy/core/backend";
import { element, floats, invocations, reads, unrolled, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

/** An axis of the output: its size and how far apart its neighbours are in the input and the output. */
interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** The axes of the output, those joined that are neighbours in the input as well. */
function joinedAxes(input: Shape, permutation: readonly number[]): Axis[] {
  const stride = (shape: Shape, axis: number): number => sizeOf(shape.slice(axis + 1));
  const output = permutation.map((axis) => input[axis]!);
  const joined: Axis[] = [];
  for (const [to, from] of permutation.entries()) {
    const axis = { size: output[to]!, from: stride(input, from), to: stride(output, to) };
    const last = joined.at(-1);
    if (axis.size === 1 && permutation.length > 1) {
      continue;
    }
    if (last !== undefined && last.from === axis.size * axis.from) {
      joined[joined.length - 1] = { ...axis, size: last.size * axis.size };
    } else {
      joined.push(axis);
    }
  }
  return joined.length > 0 ? joined : [{ size: 1, from: 1, to: 1 }];
}

/** Code that takes `index` apart into places along the axes, the last one the fastest; sets `readAt` and `writeAt`. */
function places(axes: readonly Axis[]): string {
  const parts = axes.map(({ size }, axis) => {
    const behind = axes.slice(axis + 1).reduce((product, other) => product * other.size, 1);
    return axis === 0 ? `index / ${behind}u` : `index / ${behind}u % ${size}u`;
  });
  const sum = (stride: "from" | "to"): string =>
    axes.map((axis, k) => (axis[stride] === 1 ? `o${k}` : `o${k} * ${axis[stride]}u`)).join(" + ");
  return `${parts.map((code, axis) => `let o${axis} = ${code};`).join(" ")}
    let readAt = ${sum("from")};
    let writeAt = ${sum("to")};`;
}

export const transpose: Kernel<OpAttributes["transpose"]> = {
  dispatches({ label, attributes: { permutation }, inputs: [input], outputs: [output] }) {
    const axes = joinedAxes(input!.shape, permutation);
    const last = axes.at(-1)!;
    // The axis of the output along which the input is contiguous.
    const fast = axes.findIndex(({ from }) => from === 1);
    const blocks = fast !== axes.length - 1 && last.size % 4 === 0 && axes[fast]!.size % 4 === 0;
    const width = blocks ? 4 : last.from === 1 ? vectorWidth(last.size) : 1;
    const type = floats(width);
    const tensors = { x: reads(input!, type), y: writes(output!, type) };
    const count = sizeOf(output!.shape);
    if (!blocks) {
      // In vectors of the last axis all distances are whole vectors.
      const vectors = axes.map((axis, k) =>
        k === axes.length - 1
          ? { ...axis, size: axis.size / width }
          : { ...axis, from: axis.from / width, to: axis.to / width },
      );
      return [invocations(count / width, `${places(vectors)} y[writeAt] = x[readAt];`, { label, tensors })];
    }
    const tiles = axes.map((axis, k) =>
      k === fast || k === axes.length - 1 ? { size: axis.size / 4, from: axis.from * 4, to: axis.to * 4 } : axis,
    );
    const body = `
    ${places(tiles)}
    ${unrolled(4, (i) => `let row${i} = x[(readAt + ${i * last.from}u) / 4u];`, " ")}
    ${unrolled(
      4,
      (j) =>
        `y[(writeAt + ${j * axes[fast]!.to}u) / 4u] = vec4f(${unrolled(4, (i) => element(`row${i}`, j, 4), ", ")});`,
      "\n    ",
    )}`;
    return [invocations(count / 16, body, { label, tensors })];
  },
};
