/**
 * gaussianNoise: y[i] = x[i] + stddev g(i). gaussianDropout: y[i] = x[i] (1 + stddev g(i)). [...] -> [...]. g(i) is a standard
 * normal number (Box and Muller, 1958) from words 2i and 2i + 1 of the stream (seed, noise, instance) at the current iteration:
 * g(i) = sqrt(-2 ln u) cos(2 pi v) with u = (word(2i) + 1) / 2^32, v = word(2i + 1) / 2^32.
 *
 * Cost: 8 bytes, 100 integer operations and about 30 FLOP an element. The words are cut where float32 loses nothing: ln u is
 * ln(1 - q) for u near 1, and the cosine is a sine of the distance to the nearest quarter turn.
 */

import { firstElement, type OpAttributes, sizeOf, streamPurposes } from "@convoy/core/backend";
import { log1pDeclaration, quarterSineDeclaration } from "../wgsl/accurate.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { float, invocations, reads, writes } from "../wgsl/shader.js";
import { threefryDeclaration } from "../wgsl/threefry.js";
import type { Kernel, KernelCall } from "./kernel.js";

const normalDeclaration = `${threefryDeclaration}${log1pDeclaration}${quarterSineDeclaration}
// words.x + 1 is u 2^32; from a half on its distance to 1 counts, in whole numbers.
fn normal(words: vec2u) -> f32 {
  let nearOne = words.x >= 0x7fffffffu;
  let small = log(f32(min(words.x, 0x7fffffffu) + 1u) * ${float(2 ** -32)});
  let near = log1p(-f32(0xffffffffu - max(words.x, 0x7fffffffu)) * ${float(2 ** -32)});
  // cos(2 pi v) is even and symmetric: of v or 1 - v the smaller, and a sine of what is missing to a quarter turn.
  let turn = min(words.y, 0u - words.y);
  let cosine = quarterSine(f32(bitcast<i32>(0x40000000u - turn)) * ${float(2 ** -30)});
  return sqrt(-2.0 * select(small, near, nearOne)) * cosine;
}
`;

/** Elements of an invocation, which draws the key of the stream once. */
const elementsEach = 4;

function noisy(
  { label, attributes, inputs, outputs }: KernelCall<OpAttributes["gaussianNoise"]>,
  value: string,
): Dispatch {
  const [x] = inputs;
  const [y] = outputs;
  const size = sizeOf(x!.shape);
  const before = firstElement(attributes, x!.shape) % 2 ** 32;
  const first = before === 0 ? "" : `${before}u + `;
  const stride = Math.ceil(size / elementsEach);
  const body = `
    let key = threefry(vec2u(step.seedLow, step.seedHigh), vec2u(${streamPurposes.noise}u, ${attributes.instance >>> 0}u));
    for (var i = index; i < ${size}u; i += ${stride}u) {
      let noise = ${float(attributes.stddev)} * normal(threefry(key, vec2u(${first}i, step.iteration)));
      y[i] = ${value};
    }`;
  return invocations(stride, body, {
    label,
    tensors: { x: reads(x!), y: writes(y!) },
    declarations: normalDeclaration,
    usesStep: true,
  });
}

export const gaussianNoise: Kernel<OpAttributes["gaussianNoise"]> = {
  dispatches: (call) => [noisy(call, "x[i] + noise")],
};

export const gaussianDropout: Kernel<OpAttributes["gaussianDropout"]> = {
  dispatches: (call) => [noisy(call, "x[i] * (1.0 + noise)")],
};
