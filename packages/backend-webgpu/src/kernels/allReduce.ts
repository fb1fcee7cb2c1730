/** Of a device by itself, which is the only rank: y[i] = weight x[i]; [...] -> [...]. Cost: 8 bytes and 1 FLOP an element. */

import type { OpAttributes } from "@convoy/core/backend";
import { elementwise } from "../wgsl/elementwise.js";
import { float } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const allReduce: Kernel<OpAttributes["allReduce"]> = {
  dispatches({ label, attributes: { weight }, inputs: [x], outputs: [y] }) {
    return [elementwise({ label, from: { x: x! }, to: { y: y! } }, () => `y[index] = ${float(weight)} * x[index];`)];
  },
};
