/**
 * The operands of the three convolution products as WGSL. What depends on a line alone (its place in the output, or its tap) is
 * worked out once for all steps along k; a step costs the divisions that split k and, with padding, the check of the border.
 */

import { floats, vectorWidth } from "../shader.js";
import { type Operand, scattered } from "./product.js";
import { inside, isUnpadded, type Window } from "./windows.js";

/** Channels in vectors where a pixel's channels fill them. */
export function channelWidth(channels: number): 1 | 4 {
  return vectorWidth(channels) === 4 ? 4 : 1;
}

/** How a tensor with that many channels in a pixel is bound. */
export function channelType(channels: number): "f32" | "vec4f" {
  return channelWidth(channels) === 4 ? "vec4f" : "f32";
}

/** Code: the vector or number `c` of pixel `h`, `w` (i32), `pixel` counted over all samples; 0 in the padding. */
function read(window: Window, tensor: string, h: string, w: string, pixel: string, c: string): string {
  const { C } = window;
  const width = channelWidth(C);
  const value = `${tensor}[u32(${pixel}) * ${C / width}u + ${c}]`;
  return isUnpadded(window)
    ? `return ${value};`
    : `if (${inside(window, h, w)}) { return ${value}; }
  return ${floats(width)}();`;
}

/**
 * Patches of `x`: line m is an output position, k is (kh, kw, c). `place` is code that works out `n`, `oh` and `ow` from `m`.
 */
export function patchRows(window: Window, M: number, place: string): Operand {
  const { H, W, C, KH, KW, strides, padding, dilation } = window;
  const line = `
  ${place}
  let h = i32(oh) * ${strides[0]} - ${padding[0]};
  let w = i32(ow) * ${strides[1]} - ${padding[2]};
  let line = vec3i(h, w, (i32(n) * ${H} + h) * ${W} + w);`;
  const tap = (c: string): string => `
  let tap = k / ${C}u;
  let down = i32(tap / ${KW}u) * ${dilation[0]};
  let right = i32(tap % ${KW}u) * ${dilation[1]};
  ${read(window, "x", "(line.x + down)", "(line.y + right)", `(line.z + down * ${W} + right)`, c)}`;
  return channelWidth(C) === 4
    ? {
        along: "k",
        code: (name) => `alias Line${name} = vec3i;
fn line${name}(m: u32) -> vec3i {${line}
  return line;
}
fn vector${name}(line: vec3i, k: u32) -> vec4f {${tap(`k % ${C}u / 4u`)}
}
`,
      }
    : scattered("k", M, KH * KW * C, `${line}${tap(`k % ${C}u`)}`);
}

/** The same patches transposed: line m is (kh, kw, c), k an output position. */
export function patchColumns(window: Window): Operand {
  const { N, H, W, C, OH, OW, KH, KW, strides, padding, dilation } = window;
  const line = (c: string): string => `
  let tap = m / ${C}u;
  let line = vec3i(i32(tap / ${KW}u) * ${dilation[0]} - ${padding[0]}, i32(tap % ${KW}u) * ${dilation[1]} - ${padding[2]}, i32(${c}));`;
  const position = `
  let h = i32(k / ${OW}u % ${OH}u) * ${strides[0]} + line.x;
  let w = i32(k % ${OW}u) * ${strides[1]} + line.y;
  ${read(window, "x", "h", "w", `((i32(k / ${OH * OW}u) * ${H} + h) * ${W} + w)`, "u32(line.z)")}`;
  return channelWidth(C) === 4
    ? {
        along: "line",
        code: (name) => `alias Line${name} = vec3i;
fn line${name}(m: u32) -> vec3i {${line(`m % ${C}u / 4u`)}
  return line;
}
fn vector${name}(line: vec3i, k: u32) -> vec4f {${position}
}
`,
      }
    : scattered("line", KH * KW * C, N * OH * OW, `${line(`m % ${C}u`)}${position}`);
}

/** Patches of the output gradient `dy`: line m is an input position, k is (kh, kw, f); 0 where no window reads the position. */
export function gradientRows(window: Window, F: number): Operand {
  const { N, H, W, OH, OW, KH, KW, strides, padding, dilation } = window;
  const width = channelWidth(F);
  const line = `
  let line = vec3i(i32(m / ${W}u % ${H}u) + ${padding[0]}, i32(m % ${W}u) + ${padding[2]}, i32(m / ${H * W}u * ${OH * OW}u));`;
  const whole = (from: string, axis: 0 | 1): string => (strides[axis] > 1 ? ` && ${from} % ${strides[axis]} == 0` : "");
  const tap = (f: string): string => `
  let tap = k / ${F}u;
  let fromTop = line.x - i32(tap / ${KW}u) * ${dilation[0]};
  let fromLeft = line.y - i32(tap % ${KW}u) * ${dilation[1]};
  let oh = i32(u32(fromTop) / ${strides[0]}u);
  let ow = i32(u32(fromLeft) / ${strides[1]}u);
  if (fromTop >= 0 && fromLeft >= 0 && oh < ${OH} && ow < ${OW}${whole("fromTop", 0)}${whole("fromLeft", 1)}) {
    return dy[u32(line.z + oh * ${OW} + ow) * ${F / width}u + ${f}];
  }
  return ${floats(width)}();`;
  return width === 4
    ? {
        along: "k",
        code: (name) => `alias Line${name} = vec3i;
fn line${name}(m: u32) -> vec3i {${line}
  return line;
}
fn vector${name}(line: vec3i, k: u32) -> vec4f {${tap(`k % ${F}u / 4u`)}
}
`,
      }
    : scattered("k", N * H * W, KH * KW * F, `${line}${tap(`k % ${F}u`)}`);
}

/** The kernel `weights` with input channels as lines: k is (kh, kw, f). */
export function kernelColumns({ C, KH, KW }: Window, F: number): Operand {
  const width = channelWidth(F);
  const at = (f: string): string => `return weights[(k / ${F}u * ${C}u + m) * ${F / width}u + ${f}];`;
  return width === 4
    ? {
        along: "k",
        code: (name) => `alias Line${name} = u32;
fn line${name}(line: u32) -> u32 { return line; }
fn vector${name}(m: u32, k: u32) -> vec4f { ${at(`k % ${F}u / 4u`)} }
`,
      }
    : scattered("k", C, KH * KW * F, at(`k % ${F}u`));
}
