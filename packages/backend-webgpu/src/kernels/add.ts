/** y[i] = a[i] + b[i]; [...], [...] -> [...]. Cost: 12 bytes an element. */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const add: Kernel<OpAttributes["add"]> = {
  dispatches({ label, inputs: [first, second], outputs: [output] }) {
    const size = sizeOf(output!.shape);
    const width = vectorWidth(size);
    const type = floats(width);
    const tensors = { a: reads(first!, type), b: reads(second!, type), y: writes(output!, type) };
    return [invocations(size / width, "y[index] = a[index] + b[index];", { label, tensors })];
  },
};
