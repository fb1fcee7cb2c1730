/** Text of kernels with windows: convolutions and poolings. */

import type { WindowGeometry } from "@convoy/core/backend";

/** Code: input row (column) of window position `k` of output `o`, as i32. */
export function inputRow({ strideH, top, dilationH }: WindowGeometry, o: string, k: string): string {
  return `(i32(${o}) * ${strideH} + i32(${k}) * ${dilationH} - ${top})`;
}

export function inputColumn({ strideW, left, dilationW }: WindowGeometry, o: string, k: string): string {
  return `(i32(${o}) * ${strideW} + i32(${k}) * ${dilationW} - ${left})`;
}

/** Code: whether i32 `h`, `w` lie inside the input. */
export function inside({ H, W }: WindowGeometry, h: string, w: string): string {
  return `${h} >= 0 && ${h} < ${H} && ${w} >= 0 && ${w} < ${W}`;
}

/**
 * Code that runs `inner` for every window that reads input position `h`, `w`: it sees the output position as `oh`, `ow` and
 * its own place in the window as `kh`, `kw`, all u32. In the order of kh, then kw.
 */
export function coveringWindows(window: WindowGeometry, inner: string): string {
  const { OH, OW, KH, KW, strideH, strideW, top, left, dilationH, dilationW } = window;
  return `for (var kh = 0u; kh < ${KH}u; kh++) {
      let fromTop = i32(h) + ${top} - i32(kh) * ${dilationH};
      if (fromTop < 0 || fromTop % ${strideH} != 0 || fromTop / ${strideH} >= ${OH}) { continue; }
      let oh = u32(fromTop / ${strideH});
      for (var kw = 0u; kw < ${KW}u; kw++) {
        let fromLeft = i32(w) + ${left} - i32(kw) * ${dilationW};
        if (fromLeft < 0 || fromLeft % ${strideW} != 0 || fromLeft / ${strideW} >= ${OW}) { continue; }
        let ow = u32(fromLeft / ${strideW});
        ${inner}
      }
    }`;
}
