/**
 * y[n,oh,ow,c] = the largest number of the window, argmax its position ph * PW + pw, the first of equals; and its gradient
 * dx[position that won] += dy. input [N,H,W,C] -> output [N,OH,OW,C], argmax [N,OH,OW,C] int32.
 *
 * Cost: the tensors once. The search starts from the first position inside the input, not from a constant, so any number
 * can win and padding cannot. Backward every input position looks at the windows that hold it: no two invocations write
 * to one place, so overlapping windows need no atomics.
 */

import { type OpAttributes, sizeOf, windowGeometry } from "@convoy/core/backend";
import { invocations, reads, writes } from "../wgsl/shader.js";
import { coveringWindows, inputColumn, inputRow, inside } from "../wgsl/windows.js";
import type { Kernel } from "./kernel.js";

export const maxPool2d: Kernel<OpAttributes["maxPool2d"]> = {
  dispatches({ label, attributes, inputs: [input], outputs: [output, argmax] }) {
    const window = windowGeometry(input!.shape, attributes.poolSize, output!.shape, attributes);
    const { H, W, C, OH, OW, KH, KW } = window;
    const body = `
    let c = index % ${C}u;
    let ow = index / ${C}u % ${OW}u;
    let oh = index / ${C * OW}u % ${OH}u;
    let n = index / ${C * OW * OH}u;
    var best = 0.0;
    var position = -1;
    for (var ph = 0; ph < ${KH}; ph++) {
      for (var pw = 0; pw < ${KW}; pw++) {
        let h = ${inputRow(window, "oh", "ph")};
        let w = ${inputColumn(window, "ow", "pw")};
        if (${inside(window, "h", "w")}) {
          let candidate = x[((n * ${H}u + u32(h)) * ${W}u + u32(w)) * ${C}u + c];
          if (position < 0 || candidate > best) {
            best = candidate;
            position = ph * ${KW} + pw;
          }
        }
      }
    }
    y[index] = best;
    argmax[index] = position;`;
    return [
      invocations(sizeOf(output!.shape), body, {
        label,
        tensors: { x: reads(input!), y: writes(output!), argmax: writes(argmax!) },
      }),
    ];
  },
};

export const maxPool2dBackward: Kernel<OpAttributes["maxPool2dBackward"]> = {
  dispatches({ label, attributes, inputs: [outputGradient, argmax], outputs: [inputGradient] }) {
    const window = windowGeometry(inputGradient!.shape, attributes.poolSize, outputGradient!.shape, attributes);
    const { H, W, C, KW } = window;
    const body = `
    let c = index % ${C}u;
    let w = index / ${C}u % ${W}u;
    let h = index / ${C * W}u % ${H}u;
    let n = index / ${C * W * H}u;
    var sum = 0.0;
    ${coveringWindows(
      window,
      `let place = ((n * ${window.OH}u + oh) * ${window.OW}u + ow) * ${C}u + c;
      if (argmax[place] == i32(kh * ${KW}u + kw)) { sum += dy[place]; }`,
    )}
    dx[index] = sum;`;
    return [
      invocations(sizeOf(inputGradient!.shape), body, {
        label,
        tensors: { dy: reads(outputGradient!), argmax: reads(argmax!), dx: writes(inputGradient!) },
      }),
    ];
  },
};
