/**
 * y[n,oh,ow,c] = the sum of the window's numbers inside the input / how many those are, and its gradient
 * dx[n,h,w,c] = sum over the windows that hold (h,w) of dy[n,oh,ow,c] / positions of that window inside the input.
 *
 * input [N,H,W,C] -> [N,OH,OW,C]. Cost: the tensors once, windows that overlap out of cache.
 */

import { type OpAttributes, sizeOf, type WindowGeometry, windowGeometry } from "@convoy/core/backend";
import { invocations, reads, writes } from "../wgsl/shader.js";
import { coveringWindows, inputColumn, inputRow, inside } from "../wgsl/windows.js";
import type { Kernel } from "./kernel.js";

/** WGSL function: how many positions of window (oh, ow) lie inside the input. */
function positionsDeclaration(window: WindowGeometry): string {
  const { H, W, KH, KW } = window;
  return `fn positions(oh: u32, ow: u32) -> f32 {
  var rows = 0.0;
  for (var k = 0; k < ${KH}; k++) {
    let h = ${inputRow(window, "oh", "k")};
    if (h >= 0 && h < ${H}) { rows += 1.0; }
  }
  var columns = 0.0;
  for (var k = 0; k < ${KW}; k++) {
    let w = ${inputColumn(window, "ow", "k")};
    if (w >= 0 && w < ${W}) { columns += 1.0; }
  }
  return rows * columns;
}
`;
}

export const averagePool2d: Kernel<OpAttributes["averagePool2d"]> = {
  dispatches({ label, attributes, inputs: [input], outputs: [output] }) {
    const window = windowGeometry(input!.shape, attributes.poolSize, output!.shape, attributes);
    const { H, W, C, OH, OW, KH, KW } = window;
    const body = `
    let c = index % ${C}u;
    let ow = index / ${C}u % ${OW}u;
    let oh = index / ${C * OW}u % ${OH}u;
    let n = index / ${C * OW * OH}u;
    var sum = 0.0;
    for (var ph = 0; ph < ${KH}; ph++) {
      for (var pw = 0; pw < ${KW}; pw++) {
        let h = ${inputRow(window, "oh", "ph")};
        let w = ${inputColumn(window, "ow", "pw")};
        if (${inside(window, "h", "w")}) { sum += x[((n * ${H}u + u32(h)) * ${W}u + u32(w)) * ${C}u + c]; }
      }
    }
    y[index] = sum / positions(oh, ow);`;
    return [
      invocations(sizeOf(output!.shape), body, {
        label,
        tensors: { x: reads(input!), y: writes(output!) },
        declarations: positionsDeclaration(window),
      }),
    ];
  },
};

export const averagePool2dBackward: Kernel<OpAttributes["averagePool2dBackward"]> = {
  dispatches({ label, attributes, inputs: [outputGradient], outputs: [inputGradient] }) {
    const window = windowGeometry(inputGradient!.shape, attributes.poolSize, outputGradient!.shape, attributes);
    const { H, W, C, OH, OW } = window;
    const inner = `sum += dy[((n * ${OH}u + oh) * ${OW}u + ow) * ${C}u + c] / positions(oh, ow);`;
    const body = `
    let c = index % ${C}u;
    let w = index / ${C}u % ${W}u;
    let h = index / ${C * W}u % ${H}u;
    let n = index / ${C * W * H}u;
    var sum = 0.0;
    ${coveringWindows(window, inner)}
    dx[index] = sum;`;
    return [
      invocations(sizeOf(inputGradient!.shape), body, {
        label,
        tensors: { dy: reads(outputGradient!), dx: writes(inputGradient!) },
        declarations: positionsDeclaration(window),
      }),
    ];
  },
};
