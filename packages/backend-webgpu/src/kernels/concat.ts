/**
 * The inputs one behind the other along an axis: [...,A,...], [...,B,...], ... -> [...,A+B+...,...].
 *
 * Cost: 8 bytes an element. One launch for every four inputs, as a launch may bind eight tensors only. An invocation copies a
 * vector where every input has whole vectors from the axis on.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { floats, invocations, reads, unrolled, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

const inputsPerLaunch = 4;

export const concat: Kernel<OpAttributes["concat"]> = {
  dispatches({ label, attributes: { axis }, inputs, outputs: [output] }) {
    // Run: what lies together, from the axis on.
    const runs = inputs.map(({ shape }) => sizeOf(shape.slice(axis)));
    const width = runs.map(vectorWidth).reduce((a, b) => (a < b ? a : b));
    const type = floats(width);
    const lengths = runs.map((run) => run / width);
    const sum = (list: readonly number[]): number => list.reduce((total, length) => total + length, 0);
    const outer = sizeOf(output!.shape.slice(0, axis));
    const launches = Math.ceil(inputs.length / inputsPerLaunch);
    return Array.from({ length: launches }, (_, launch) => {
      const start = launch * inputsPerLaunch;
      const part = inputs.slice(start, start + inputsPerLaunch);
      const own = lengths.slice(start, start + part.length);
      const total = sum(own);
      const branches = unrolled(
        part.length,
        (i) => `${i === part.length - 1 ? "" : `if (place < ${sum(own.slice(0, i + 1))}u) `}{
      value = x${i}[outer * ${own[i]}u + place - ${sum(own.slice(0, i))}u];
    }`,
        " else ",
      );
      const body = `
    let outer = index / ${total}u;
    let place = index % ${total}u;
    var value: ${type};
    ${branches}
    y[outer * ${sum(lengths)}u + ${sum(lengths.slice(0, start))}u + place] = value;`;
      return invocations(outer * total, body, {
        label: launches === 1 ? label : `${label}, inputs from ${start}`,
        tensors: {
          ...Object.fromEntries(part.map((input, i) => [`x${i}`, reads(input, type)])),
          y: writes(output!, type),
        },
      });
    });
  },
};
