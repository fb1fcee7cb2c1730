/**
 * The kernel of a convolution as one filter after the other, which the input gradients read: HWIO to [F][KH runs][runPadded].
 *
 * Cost: 8 bytes a number.
 */

import { PackFiltersArgs } from "./generated/args";
import { transpose4x4 } from "./transposeBlock";

/** HWIO into one filter after the other, zeros behind each run. One task: four output channels. */
export function packFilters(args: PackFiltersArgs, task: i32): void {
  const F = args.F;
  const firstChannel = task * 4;
  const channels = min(4, F - firstChannel);
  const filterBytes = (<usize>(args.rows * args.runPadded)) << 2;
  const stride = (<usize>F) << 2;
  for (let row = 0; row < args.rows; row++) {
    for (let i = 0; i < args.runPadded; i += 4) {
      const from = args.kernel + <usize>(row * args.run + i) * stride + ((<usize>firstChannel) << 2);
      const to = args.filters + <usize>firstChannel * filterBytes + ((<usize>(row * args.runPadded + i)) << 2);
      if (channels === 4 && i + 4 <= args.run) {
        transpose4x4(from, stride, to, filterBytes);
      } else {
        for (let f = 0; f < channels; f++) {
          for (let t = 0; t < 4; t++) {
            const value = i + t < args.run ? load<f32>(from + <usize>t * stride + ((<usize>f) << 2)) : 0;
            store<f32>(to + <usize>f * filterBytes + ((<usize>t) << 2), value);
          }
        }
      }
    }
  }
}
