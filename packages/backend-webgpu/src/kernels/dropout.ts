/**
 * y[i] = word(i) >= rate * 2^32 ? x[i] / (1 - rate) : 0; [...] -> [...]. word(i) is word i of the stream (seed, dropout,
 * instance) at the current iteration: Threefry-2x32 with 20 rounds over the counter (i / 2, iteration), the first word for
 * even i.
 *
 * Cost: 8 bytes and 41 integer operations an element. An invocation takes the two elements of one counter.
 */

import { dropoutThreshold, type OpAttributes, sizeOf, streamPurposes } from "@convoy/core/backend";
import { float, invocations, reads, writes } from "../wgsl/shader.js";
import { threefryDeclaration } from "../wgsl/threefry.js";
import type { Kernel } from "./kernel.js";

export const dropout: Kernel<OpAttributes["dropout"]> = {
  dispatches({ label, attributes, inputs: [input], outputs: [output] }) {
    const size = sizeOf(input!.shape);
    const { rate, instance } = attributes;
    const kept = (word: string, at: string): string =>
      `y[${at}] = select(0.0, x[${at}] * ${float(1 / (1 - rate))}, ${word} >= ${dropoutThreshold(rate)}u);`;
    const body = `
    let key = threefry(vec2u(step.seedLow, step.seedHigh), vec2u(${streamPurposes.dropout}u, ${instance >>> 0}u));
    let words = threefry(key, vec2u(index, step.iteration));
    let even = index * 2u;
    ${kept("words.x", "even")}
    if (even + 1u < ${size}u) { ${kept("words.y", "even + 1u")} }`;
    return [
      invocations(Math.ceil(size / 2), body, {
        label,
        tensors: { x: reads(input!), y: writes(output!) },
        declarations: threefryDeclaration,
        usesStep: true,
      }),
    ];
  },
};
