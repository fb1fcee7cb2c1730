/**
 * y[i] = word(i) >= rate * 2^32 ? x[i] / (1 - rate) : 0; [...] -> [...]. word(i) is word i of the stream (seed, dropout,
 * instance) at the current iteration: Threefry-2x32 with 20 rounds over the counter (i / 2, iteration), the first word for
 * even i.
 *
 * Cost: 8 bytes and 41 integer operations an element. An invocation takes the two elements of one counter.
 *
 * `channelDropout` keeps or loses channel c of sample n as a whole, by word n C + c; [N,...,C] -> [N,...,C]. Cost: 8 bytes an
 * element; an invocation draws the words of a vector of channels once for up to 16 positions.
 */

import { dropoutThreshold, firstElement, type OpAttributes, sizeOf, streamPurposes } from "@convoy/core/backend";
import { element, float, floats, invocations, reads, unrolled, vectorWidth, writes } from "../wgsl/shader.js";
import { threefryDeclaration } from "../wgsl/threefry.js";
import type { Kernel } from "./kernel.js";

/** Code that sets `key` to that of a dropout stream. */
function streamKeyOf(instance: number): string {
  return `let key = threefry(vec2u(step.seedLow, step.seedHigh), vec2u(${streamPurposes.dropout}u, ${instance >>> 0}u));`;
}

/** Code that adds a number, modulo 2^32; none for 0. */
function plus(value: number): string {
  return value === 0 ? "" : ` + ${value % 2 ** 32}u`;
}

export const dropout: Kernel<OpAttributes["dropout"]> = {
  dispatches({ label, attributes, inputs: [input], outputs: [output] }) {
    const size = sizeOf(input!.shape);
    const { rate, instance } = attributes;
    // In a later part of a batch the first element may take the second word of a counter.
    const first = firstElement(attributes, input!.shape);
    const odd = first % 2;
    const firstPair = plus(Math.floor(first / 2));
    const kept = (word: string, at: string): string =>
      `y[${at}] = select(0.0, x[${at}] * ${float(1 / (1 - rate))}, ${word} >= ${dropoutThreshold(rate)}u);`;
    const body = `
    ${streamKeyOf(instance)}
    let words = threefry(key, vec2u(index${firstPair}, step.iteration));
    ${
      odd === 1
        ? `if (index > 0u) { ${kept("words.x", "index * 2u - 1u")} }
    if (index * 2u < ${size}u) { ${kept("words.y", "index * 2u")} }`
        : `let even = index * 2u;
    ${kept("words.x", "even")}
    if (even + 1u < ${size}u) { ${kept("words.y", "even + 1u")} }`
    }`;
    return [
      invocations(Math.ceil((size + odd) / 2), body, {
        label,
        tensors: { x: reads(input!), y: writes(output!) },
        declarations: threefryDeclaration,
        usesStep: true,
      }),
    ];
  },
};

const positionsPerInvocation = 16;

export const channelDropout: Kernel<OpAttributes["channelDropout"]> = {
  dispatches({ label, attributes: { rate, instance, firstRow = 0 }, inputs: [input], outputs: [output] }) {
    const { shape } = input!;
    const channels = shape.at(-1)!;
    const positions = sizeOf(shape.slice(1, -1));
    const width = vectorWidth(channels);
    const type = floats(width);
    const vectors = channels / width;
    const stride = Math.ceil(positions / positionsPerInvocation);
    const firstPair = plus(Math.floor((firstRow * channels) / 2));
    const odd = plus((firstRow * channels) % 2);
    // The words of a vector: of whole counters, or of the half of one. Only the latter can begin at the second word.
    const words =
      width === 1
        ? `let words = threefry(key, vec2u(first / 2u${firstPair}, step.iteration)); let word0 = select(words.x, words.y, first % 2u == 1u);`
        : unrolled(
            width / 2,
            (pair) => `let words${pair} = threefry(key, vec2u(first / 2u + ${pair}u${firstPair}, step.iteration));
    let word${pair * 2} = words${pair}.x; let word${pair * 2 + 1} = words${pair}.y;`,
          );
    const kept = unrolled(
      width,
      (i) =>
        `select(0.0, ${element("value", i, width)} * ${float(1 / (1 - rate))}, word${i} >= ${dropoutThreshold(rate)}u)`,
      ", ",
    );
    const body = `
    let channel = index % ${vectors}u;
    let n = index / ${vectors * stride}u;
    let first = n * ${channels}u + channel * ${width}u${odd};
    ${streamKeyOf(instance)}
    ${words}
    for (var position = index / ${vectors}u % ${stride}u; position < ${positions}u; position += ${stride}u) {
      let at = (n * ${positions}u + position) * ${vectors}u + channel;
      let value = x[at];
      y[at] = ${width === 1 ? kept : `${type}(${kept})`};
    }`;
    return [
      invocations(shape[0]! * stride * vectors, body, {
        label,
        tensors: { x: reads(input!, type), y: writes(output!, type) },
        declarations: threefryDeclaration,
        usesStep: true,
      }),
    ];
  },
};
