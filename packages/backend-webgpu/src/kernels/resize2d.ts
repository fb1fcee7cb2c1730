/**
 * Images in another size, y[n,oh,ow,c] = sum over taps of weight x[n,h,w,c], and its gradient
 * dx[n,h,w,c] = sum over the outputs of weight dy[n,oh,ow,c]. Along an axis of `in` pixels that becomes `out`: nearest takes
 * pixel floor((2 o + 1) in / (2 out)); bilinear takes the pixels i and i + 1, i the quotient and f the remainder of
 * clamp((2 o + 1) in - out, 0, (in - 1) 2 out) / (2 out), with 1 - f and f. Whole numbers, so no rounding picks another pixel.
 *
 * input [N,H,W,C] -> [N,OH,OW,C]. Cost: each tensor once; backward an input pixel looks through the outputs near it, so no two
 * invocations write to one place. Vectors lie along the channels.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "../wgsl/dispatch.js";
import { float, floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

type Interpolation = OpAttributes["resize2d"]["interpolation"];

/** Code that sets the first pixel that output `o` is made of, and the weight of the next one. */
function taps(
  name: string,
  o: string,
  [inputs, outputs]: readonly [number, number],
  interpolation: Interpolation,
): string {
  if (interpolation === "nearest") {
    return `let ${name} = (2 * ${o} + 1) * ${inputs} / ${2 * outputs};`;
  }
  const last = (inputs - 1) * 2 * outputs;
  return `let ${name}Position = clamp((2 * ${o} + 1) * ${inputs} - ${outputs}, 0, ${last});
      let ${name} = ${name}Position / ${2 * outputs};
      let ${name}Share = f32(${name}Position % ${2 * outputs}) * ${float(1 / (2 * outputs))};`;
}

export const resize2d: Kernel<OpAttributes["resize2d"]> = {
  dispatches({ label, attributes: { interpolation }, inputs: [input], outputs: [output] }) {
    const [, H, W, C] = input!.shape as [number, number, number, number];
    const [, OH, OW] = output!.shape as [number, number, number];
    const width = vectorWidth(C);
    const type = floats(width);
    const vectors = C / width;
    const pixel = (h: string, w: string): string =>
      `x[((n * ${H}u + u32(${h})) * ${W}u + u32(${w})) * ${vectors}u + c]`;
    const [below, beside] = [`min(h + 1, ${H - 1})`, `min(w + 1, ${W - 1})`];
    const value =
      interpolation === "nearest"
        ? pixel("h", "w")
        : `mix(mix(${pixel("h", "w")}, ${pixel("h", beside)}, wShare), mix(${pixel(below, "w")}, ${pixel(below, beside)}, wShare), hShare)`;
    const body = `
    let c = index % ${vectors}u;
    let ow = i32(index / ${vectors}u % ${OW}u);
    let oh = i32(index / ${vectors * OW}u % ${OH}u);
    let n = index / ${vectors * OW * OH}u;
    ${taps("h", "oh", [H, OH], interpolation)}
    ${taps("w", "ow", [W, OW], interpolation)}
    y[index] = ${value};`;
    return [
      invocations(sizeOf(output!.shape) / width, body, {
        label,
        tensors: { x: reads(input!, type), y: writes(output!, type) },
      }),
    ];
  },
};

/** Code that sets the first and the last output that pixel `i` may be a part of, with some to spare. */
function outputsOf(name: string, i: string, [inputs, outputs]: readonly [number, number], reach: 0 | 1): string {
  // Output o lies at ((2 o + 1) in - out) / (2 out); the pixel reaches from i - reach to i + 1.
  return `let ${name}First = max(0, (2 * (${i} - ${reach}) * ${outputs} - ${inputs}) / ${2 * inputs} - 1);
    let ${name}Last = min(${outputs - 1}, (2 * (${i} + 1 + ${reach}) * ${outputs} - ${inputs}) / ${2 * inputs} + 1);`;
}

/** Code: the weight of pixel `i` in the output whose taps have been set. */
function weight(name: string, i: string, interpolation: Interpolation): string {
  return interpolation === "nearest"
    ? `select(0.0, 1.0, ${name} == ${i})`
    : `select(select(0.0, ${name}Share, ${name} + 1 == ${i}), 1.0 - ${name}Share, ${name} == ${i})`;
}

export const resize2dBackward: Kernel<OpAttributes["resize2dBackward"]> = {
  dispatches({ label, attributes: { interpolation }, inputs: [outputGradient], outputs: [inputGradient] }): Dispatch[] {
    const [, H, W, C] = inputGradient!.shape as [number, number, number, number];
    const [, OH, OW] = outputGradient!.shape as [number, number, number];
    const width = vectorWidth(C);
    const type = floats(width);
    const vectors = C / width;
    const reach = interpolation === "nearest" ? 0 : 1;
    const body = `
    let c = index % ${vectors}u;
    let ownW = i32(index / ${vectors}u % ${W}u);
    let ownH = i32(index / ${vectors * W}u % ${H}u);
    let n = index / ${vectors * W * H}u;
    ${outputsOf("h", "ownH", [H, OH], reach)}
    ${outputsOf("w", "ownW", [W, OW], reach)}
    var sum = ${type}();
    for (var oh = hFirst; oh <= hLast; oh++) {
      ${taps("h", "oh", [H, OH], interpolation)}
      let hWeight = ${weight("h", "ownH", interpolation)};
      if (hWeight == 0.0) { continue; }
      for (var ow = wFirst; ow <= wLast; ow++) {
        ${taps("w", "ow", [W, OW], interpolation)}
        let share = hWeight * ${weight("w", "ownW", interpolation)};
        if (share != 0.0) { sum += share * dy[((n * ${OH}u + u32(oh)) * ${OW}u + u32(ow)) * ${vectors}u + c]; }
      }
    }
    dx[index] = sum;`;
    return [
      invocations(sizeOf(inputGradient!.shape) / width, body, {
        label,
        tensors: { dy: reads(outputGradient!, type), dx: writes(inputGradient!, type) },
      }),
    ];
  },
};
