import { type OpAttributes, type Shape, windowGeometry } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";

/** Pooling from input [N,H,W,C] to [N,OH,OW,C]. */
export function poolingShape(
  input: Shape,
  output: Shape,
  attributes: OpAttributes["maxPool2d"],
): StructValues<"PoolingShape"> {
  const { KH, KW, ...window } = windowGeometry(input, attributes.poolSize, output, attributes);
  return {
    ...window,
    windowH: KH,
    windowW: KW,
    byC: divisorOf(window.C),
    byW: divisorOf(window.W),
    byH: divisorOf(window.H),
    byOW: divisorOf(window.OW),
    byOH: divisorOf(window.OH),
    byWindowW: divisorOf(KW),
  };
}
