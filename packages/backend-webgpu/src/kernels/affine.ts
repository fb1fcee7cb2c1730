/** y[i] = scale x[i] + offset; [...] -> [...]. Cost: 8 bytes and 2 FLOP an element. */

import type { OpAttributes } from "@convoy/core/backend";
import { elementwise } from "../wgsl/elementwise.js";
import { float } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const affine: Kernel<OpAttributes["affine"]> = {
  dispatches({ label, attributes: { scale, offset }, inputs: [x], outputs: [y] }) {
    const term = offset === 0 ? "" : ` + ${float(offset)}`;
    return [
      elementwise({ label, from: { x: x! }, to: { y: y! } }, () => `y[index] = ${float(scale)} * x[index]${term};`),
    ];
  },
};
