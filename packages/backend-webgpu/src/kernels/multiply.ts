/** y[i] = a[i] b[i]; [...], [...] -> [...]. Cost: 12 bytes and 1 FLOP an element. */

import type { OpAttributes } from "@convoy/core/backend";
import { elementwise } from "../wgsl/elementwise.js";
import type { Kernel } from "./kernel.js";

export const multiply: Kernel<OpAttributes["multiply"]> = {
  dispatches({ label, inputs: [a, b], outputs: [y] }) {
    return [elementwise({ label, from: { a: a!, b: b! }, to: { y: y! } }, () => "y[index] = a[index] * b[index];")];
  },
};
