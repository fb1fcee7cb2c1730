/**
 * The gradient of a convolution's output from that behind 2x2 max-pooling and activation:
 * dx[n,oh,ow,f] = dy[n,oh/2,ow/2,f] f'(y[n,oh/2,ow/2,f]) where that window was won by (oh % 2, ow % 2), else 0;
 * dy, y, argmax [N,PH,PW,F] -> [N,OH,OW,F]. Without pooling dx = dy f'(y).
 *
 * Cost: 4 bytes an output, 12 a window. Written once for the two kernels that read it many times. Measured on
 * llvmpipe, two Xeon 2.6 GHz threads: 64x11x11x64 1.0 ms, 64x26x26x32 3.0 ms.
 */

import { type OpAttributes, type PlanValue, sizeOf } from "@convoy/core/backend";
import { slopeDeclaration } from "./activation.js";
import type { Dispatch } from "./dispatch.js";
import { floats, integers, invocations, mapped, reads, vectorWidth, writes } from "./shader.js";

export interface SpreadGradientSpec {
  readonly label: string;
  readonly gradient: PlanValue;
  readonly argmax?: PlanValue;
  readonly slope?: { readonly attributes: OpAttributes["unary"]; readonly output: PlanValue };
  /** [N,OH,OW,F] */
  readonly output: PlanValue;
}

export function spreadGradient({ label, gradient, argmax, slope, output }: SpreadGradientSpec): Dispatch {
  const [, OH, OW, channels] = output.shape as [number, number, number, number];
  const [, PH, PW] = gradient.shape as [number, number, number];
  const width = vectorWidth(channels);
  const type = floats(width);
  const F = channels / width;
  // The last row and column of an odd size lie in no window.
  const covered = [...(PH * 2 < OH ? [`oh < ${PH * 2}u`] : []), ...(PW * 2 < OW ? [`ow < ${PW * 2}u`] : [])];
  const won = `argmax[at] == ${integers(width)}(i32(oh % 2u * 2u + ow % 2u))`;
  const value = `dy[at]${slope ? ` * ${mapped("slope", "y[at]", width)}` : ""}`;
  const pooled = `
    let f = index % ${F}u;
    let ow = index / ${F}u % ${OW}u;
    let oh = index / ${F * OW}u % ${OH}u;
    let n = index / ${F * OW * OH}u;
    var value = ${type}();
    ${covered.length > 0 ? `if (${covered.join(" && ")}) ` : ""}{
      let at = ((n * ${PH}u + oh / 2u) * ${PW}u + ow / 2u) * ${F}u + f;
      value = select(value, ${value}, ${won});
    }
    dx[index] = value;`;
  return invocations(sizeOf(output.shape) / width, argmax ? pooled : `let at = index; dx[index] = ${value};`, {
    label,
    tensors: {
      dy: reads(gradient, type),
      ...(argmax ? { argmax: reads(argmax, integers(width)) } : {}),
      ...(slope ? { y: reads(slope.output, type) } : {}),
      dx: writes(output, type),
    },
    declarations: slope ? slopeDeclaration(slope.attributes) : "",
  });
}
