import type { Window } from "./windows.js";

/**
 * Code that runs `inner` for every window that reads input position `h`, `w`: it sees the output position as `oh`, `ow` and
 * its own place in the window as `kh`, `kw`, all u32. In the order of kh, then kw.
 */
export function coveringWindows({ OH, OW, KH, KW, strides, padding, dilation }: Window, inner: string): string {
  return `for (var kh = 0u; kh < ${KH}u; kh++) {
      let fromTop = i32(h) + ${padding[0]} - i32(kh) * ${dilation[0]};
      if (fromTop < 0 || fromTop % ${strides[0]} != 0 || fromTop / ${strides[0]} >= ${OH}) { continue; }
      let oh = u32(fromTop / ${strides[0]});
      for (var kw = 0u; kw < ${KW}u; kw++) {
        let fromLeft = i32(w) + ${padding[2]} - i32(kw) * ${dilation[1]};
        if (fromLeft < 0 || fromLeft % ${strides[1]} != 0 || fromLeft / ${strides[1]} >= ${OW}) { continue; }
        let ow = u32(fromLeft / ${strides[1]});
        ${inner}
      }
    }`;
}
