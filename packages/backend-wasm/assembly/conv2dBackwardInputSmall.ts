/**
 * conv2dBackwardInput for small images, from the lists that the kernel gradient reads anyway (channelLists.ts).
 *
 * Idea: 48 numbers of a filter stay in 12 registers and are added, times the gradient, to every place in the channel's list.
 * dx of a sample stays in the first-level cache. The kernel in conv2dBackwardFilter.ts calls this where a task has all
 * channels of whole samples and few filters have a gradient at a position: each entry reads and writes all it adds to. Larger images and kernels have their input gradient from conv2dBackwardInput.ts.
 */

import { Conv2dBackwardFilterArgs } from "./generated/args";
import { bandColumns, bandInputRows } from "./paddedBand";
import { madd } from "./simd";
import { scratch } from "./step";

/** Bytes from one sample to the next where lists go over several: bands in scratch memory, or images where they are. */
// @inline
export function sampleBytes(args: Conv2dBackwardFilterArgs): usize {
  if (!args.padded) return (<usize>(args.H * args.W * args.C)) << 2;
  return (<usize>(bandInputRows(args, args.OH) * bandColumns(args) * args.C)) << 2;
}

/** Where dx of some samples is summed up, zeros; lists count from there as they do from the band of x. */
export function clearGradient(args: Conv2dBackwardFilterArgs, sample: i32, count: i32): usize {
  const bytes = sampleBytes(args);
  const place = args.copied ? scratch() + args.dxOffset : args.dx + <usize>sample * bytes;
  memory.fill(place, 0, <usize>count * bytes);
  return place;
}

/** Leaves the padding out. Rows and columns that no output reads get zeros. */
export function copyGradient(args: Conv2dBackwardFilterArgs, sample: i32, from: usize, rowBytes: usize): void {
  const lineBytes = (<usize>(args.W * args.C)) << 2;
  const left = (<usize>(args.left * args.C)) << 2;
  const inside = min(lineBytes, rowBytes - left);
  const rows = bandInputRows(args, args.OH);
  let to = args.dx + <usize>(sample * args.H) * lineBytes;
  for (let h = 0; h < args.H; h++) {
    const row = h + args.top;
    if (row < rows) {
      memory.copy(to, from + <usize>row * rowBytes + left, inside);
      memory.fill(to + inside, 0, lineBytes - inside);
    } else {
      memory.fill(to, 0, lineBytes);
    }
    to += lineBytes;
  }
}

/** Adds one filter, times each gradient of the list, to dx. */
export function scatterChannel(
  args: Conv2dBackwardFilterArgs,
  list: usize,
  end: usize,
  base: usize,
  rowBytes: usize,
  filter: usize,
): void {
  for (let kh = 0; kh < args.KH; kh++) {
    for (let r = 0; r < args.runs; r++) {
      let d = base + <usize>(kh * args.dilationH) * rowBytes + ((<usize>(r * args.dilationW * args.C)) << 2);
      let left = args.runPadded;
      while (left >= 48) {
        scatter48(list, end, filter, d);
        d += 192;
        filter += 192;
        left -= 48;
      }
      while (left >= 16) {
        scatter16(list, end, filter, d);
        d += 64;
        filter += 64;
        left -= 16;
      }
      while (left > 0) {
        scatter4(list, end, filter, d);
        d += 16;
        filter += 16;
        left -= 4;
      }
    }
  }
}

function scatter48(list: usize, end: usize, w: usize, d: usize): void {
  const w0 = v128.load(w),
    w1 = v128.load(w, 16),
    w2 = v128.load(w, 32),
    w3 = v128.load(w, 48);
  const w4 = v128.load(w, 64),
    w5 = v128.load(w, 80),
    w6 = v128.load(w, 96),
    w7 = v128.load(w, 112);
  const w8 = v128.load(w, 128),
    w9 = v128.load(w, 144),
    w10 = v128.load(w, 160),
    w11 = v128.load(w, 176);
  while (list !== end) {
    const p = d + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    v128.store(p, madd(g, w0, v128.load(p)));
    v128.store(p, madd(g, w1, v128.load(p, 16)), 16);
    v128.store(p, madd(g, w2, v128.load(p, 32)), 32);
    v128.store(p, madd(g, w3, v128.load(p, 48)), 48);
    v128.store(p, madd(g, w4, v128.load(p, 64)), 64);
    v128.store(p, madd(g, w5, v128.load(p, 80)), 80);
    v128.store(p, madd(g, w6, v128.load(p, 96)), 96);
    v128.store(p, madd(g, w7, v128.load(p, 112)), 112);
    v128.store(p, madd(g, w8, v128.load(p, 128)), 128);
    v128.store(p, madd(g, w9, v128.load(p, 144)), 144);
    v128.store(p, madd(g, w10, v128.load(p, 160)), 160);
    v128.store(p, madd(g, w11, v128.load(p, 176)), 176);
    list += 8;
  }
}

function scatter16(list: usize, end: usize, w: usize, d: usize): void {
  const w0 = v128.load(w),
    w1 = v128.load(w, 16),
    w2 = v128.load(w, 32),
    w3 = v128.load(w, 48);
  while (list !== end) {
    const p = d + load<usize>(list);
    const g = v128.load32_splat(list, 4);
    v128.store(p, madd(g, w0, v128.load(p)));
    v128.store(p, madd(g, w1, v128.load(p, 16)), 16);
    v128.store(p, madd(g, w2, v128.load(p, 32)), 32);
    v128.store(p, madd(g, w3, v128.load(p, 48)), 48);
    list += 8;
  }
}

function scatter4(list: usize, end: usize, w: usize, d: usize): void {
  const w0 = v128.load(w);
  while (list !== end) {
    const p = d + load<usize>(list);
    v128.store(p, madd(v128.load32_splat(list, 4), w0, v128.load(p)));
    list += 8;
  }
}
