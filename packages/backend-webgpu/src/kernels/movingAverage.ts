/** state[i] = momentum state[i] + (1 - momentum) value[i]; state [P] updated, value [P]. Cost: 12 bytes an element. */

import type { OpAttributes } from "@convoy/core/backend";
import { elementwise } from "../wgsl/elementwise.js";
import { float } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

export const movingAverage: Kernel<OpAttributes["movingAverage"]> = {
  dispatches({ label, attributes: { momentum }, inputs: [state, value] }) {
    const code = `s[index] = ${float(momentum)} * s[index] + ${float(1 - momentum)} * v[index];`;
    return [elementwise({ label, from: { v: value! }, to: { s: state! } }, () => code)];
  },
};
