import type { OpAttributes } from "@convoy/core/backend";
import { elements, type Kernel } from "./kernel.js";

/**
 * y[r,c] = x[r,c] + b[c]; input [...,C], bias [C] -> [...,C]
 *
 * One addition and 8 bytes an element, so memory is the limit. Say here what makes yours fast and what you measured.
 */
export const biasAdd: Kernel<OpAttributes["biasAdd"]> = ({ inputs: [input, bias], outputs: [output] }) => {
  const [x, b, y] = [elements(input!), elements(bias!), elements(output!)];
  const channels = b.length;
  for (let row = 0; row < y.length; row += channels) {
    for (let c = 0; c < channels; c++) {
      y[row + c] = x[row + c]! + b[c]!;
    }
  }
};
