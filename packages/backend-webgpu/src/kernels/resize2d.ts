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

/**
 * Code that sets the first and the last output that pixel `i` is a part of. Nearest: 2 out i <= (2 o + 1) in < 2 out (i + 1);
 * bilinear: output o lies less than one pixel away, or beyond the edge.
 */
function outputsOf(
  name: string,
  i: string,
  [inputs, outputs]: readonly [number, number],
  interpolation: Interpolation,
): string {
  const unit = 2 * inputs;
  const [first, end] =
    interpolation === "nearest"
      ? [`2 * ${i} * ${outputs} + ${inputs - 1}`, `2 * ${i} * ${outputs} + ${2 * outputs - inputs - 1}`]
      : [`(2 * ${i} - 1) * ${outputs} + ${inputs}`, `(2 * ${i} + 3) * ${outputs} - ${inputs + 1}`];
  // Divisions of WGSL round towards 0: numbers below it are lifted, or are 0 afterwards in any case.
  return `let ${name}First = max(0, ${first}) / ${unit};
    let ${name}Last = min(${outputs - 1}, (${end} + ${unit}) / ${unit} - 1);`;
}

/** Code: the weight of pixel `i` in output `o`, one of those. */
function weight(
  o: string,
  i: string,
  [inputs, outputs]: readonly [number, number],
  interpolation: Interpolation,
): string {
  const unit = 2 * outputs;
  const position = `clamp((2 * ${o} + 1) * ${inputs} - ${outputs}, 0, ${(inputs - 1) * unit})`;
  return interpolation === "nearest" ? "1.0" : `1.0 - f32(abs(${position} - ${i} * ${unit})) * ${float(1 / unit)}`;
}

export const resize2dBackward: Kernel<OpAttributes["resize2dBackward"]> = {
  dispatches({ label, attributes: { interpolation }, inputs: [outputGradient], outputs: [inputGradient] }) {
    const [, H, W, C] = inputGradient!.shape as [number, number, number, number];
    const [, OH, OW] = outputGradient!.shape as [number, number, number];
    const width = vectorWidth(C);
    const type = floats(width);
    const vectors = C / width;
    const body = `
    let c = index % ${vectors}u;
    let w = i32(index / ${vectors}u % ${W}u);
    let h = i32(index / ${vectors * W}u % ${H}u);
    let n = index / ${vectors * W * H}u;
    ${outputsOf("h", "h", [H, OH], interpolation)}
    ${outputsOf("w", "w", [W, OW], interpolation)}
    var sum = ${type}();
    for (var oh = hFirst; oh <= hLast; oh++) {
      let row = (n * ${OH}u + u32(oh)) * ${OW}u;
      var rowSum = ${type}();
      for (var ow = wFirst; ow <= wLast; ow++) {
        let share = ${weight("ow", "w", [W, OW], interpolation)};
        rowSum += share * dy[(row + u32(ow)) * ${vectors}u + c];
      }
      let share = ${weight("oh", "h", [H, OH], interpolation)};
      sum += share * rowSum;
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
