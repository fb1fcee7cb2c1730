/**
 * What the depthwise convolutions share: a band of rows of an image, for a block of channels, in scratch memory: [rows,
 * columns, lanes], with the padding around it. A block has about 16 channels, a cache line of each pixel, so that the band
 * stays in the first-level cache whatever the number of channels is. `lanes` is a multiple of 4; lanes without a channel hold
 * anything.
 */

import { zeroNumbers } from "./copy";

/**
 * Copies rows [firstRow, firstRow + rows) of the image at `x`, which has `pixel` numbers a pixel, with zeros outside; column
 * `left` of the band is the image's first. With `expand` above 1 each of the `channels` numbers fills so many lanes. Up to
 * three numbers behind the band are written.
 */
export function fillBand(
  x: usize,
  height: i32,
  width: i32,
  pixel: i32,
  firstRow: i32,
  rows: i32,
  left: i32,
  columns: i32,
  lanes: i32,
  channels: i32,
  expand: i32,
  band: usize,
): void {
  const before = min(max(left, 0), columns);
  const end = max(before, min(left + width, columns));
  const step = (<usize>pixel) << 2;
  const laneBytes = (<usize>lanes) << 2;
  const laneRun = (<usize>expand) << 2;
  let to = band;
  for (let r = 0; r < rows; r++) {
    const row = firstRow + r;
    if (<u32>row >= <u32>height) {
      zeroNumbers(to, columns * lanes);
      to += <usize>columns * laneBytes;
      continue;
    }
    zeroNumbers(to, before * lanes);
    to += <usize>before * laneBytes;
    let from = x + <usize>(row * width + before - left) * step;
    const stop = to + <usize>(end - before) * laneBytes;
    if (expand > 1) {
      for (; to < stop; to += laneBytes) {
        let lane = to;
        for (let c = 0; c < channels; c++) {
          // Four lanes at a time, whatever there is to fill: the next number writes over those that are too many.
          const value = v128.load32_splat(from + ((<usize>c) << 2));
          for (let m: usize = 0; m < laneRun; m += 16) v128.store(lane + m, value);
          lane += laneRun;
        }
        from += step;
      }
    } else if (lanes === 16) {
      for (; to < stop; to += 64) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        v128.store(to, v128.load(from, 32), 32);
        v128.store(to, v128.load(from, 48), 48);
        from += step;
      }
    } else {
      for (; to < stop; to += laneBytes) {
        for (let i: usize = 0; i < laneBytes; i += 16) v128.store(to + i, v128.load(from + i));
        from += step;
      }
    }
    zeroNumbers(to, (columns - end) * lanes);
    to += <usize>(columns - end) * laneBytes;
  }
}

/** y[c] = sum over the `fold` lanes of channel c, for `channels` channels of a pixel. */
export function foldLanes(lanes: usize, y: usize, channels: i32, fold: i32): void {
  for (let c = 0; c < channels; c++) {
    let sum: f32 = 0;
    for (let m = 0; m < fold; m++) {
      sum += load<f32>(lanes);
      lanes += 4;
    }
    store<f32>(y + ((<usize>c) << 2), sum);
  }
}
