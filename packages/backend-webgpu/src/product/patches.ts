/**
 * The operands of the three convolution products as WGSL. What depends on a line alone (its place in the output, or its tap) is
 * worked out once for all steps along k; a step costs the divisions that split k and, with padding, the check of the border.
 */

import { floats, vectorWidth } from "../wgsl/shader.js";
import { inside, isUnpadded, type Window } from "../wgsl/windows.js";
import { type Along, type LineCode, type Operand, scattered, vectors } from "./matrixProduct.js";

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

/** Vectors where the channels of a pixel fill them, numbers otherwise. */
function operand(
  along: Along,
  size: { readonly lines: number; readonly K: number; readonly channels: number },
  body: string,
  line?: LineCode,
): Operand {
  const { lines, K, channels } = size;
  return channelWidth(channels) === 4 ? vectors(along, body, line) : scattered(along, lines, K, body, line);
}

/**
 * Patches of `x`: line m is an output position, k is (kh, kw, c). `place` is code that works out `n`, `oh` and `ow` from `m`.
 */
export function patchRows(window: Window, M: number, place: string): Operand {
  const { H, W, C, KH, KW, strides, padding, dilation } = window;
  const line = `${place}
  let h = i32(oh) * ${strides[0]} - ${padding[0]};
  let w = i32(ow) * ${strides[1]} - ${padding[2]};
  return vec3i(h, w, (i32(n) * ${H} + h) * ${W} + w);`;
  const body = `let tap = k / ${C}u;
  let down = i32(tap / ${KW}u) * ${dilation[0]};
  let right = i32(tap % ${KW}u) * ${dilation[1]};
  ${read(window, "x", "(line.x + down)", "(line.y + right)", `(line.z + down * ${W} + right)`, channel("k", C))}`;
  return operand("k", { lines: M, K: KH * KW * C, channels: C }, body, { type: "vec3i", body: line });
}

/** The same patches transposed: line m is (kh, kw, c), k an output position. */
export function patchColumns(window: Window): Operand {
  const { N, H, W, C, OH, OW, KH, KW, strides, padding, dilation } = window;
  const line = `let tap = m / ${C}u;
  let h = i32(tap / ${KW}u) * ${dilation[0]} - ${padding[0]};
  let w = i32(tap % ${KW}u) * ${dilation[1]} - ${padding[2]};
  return vec3i(h, w, i32(${channel("m", C)}));`;
  const body = `let h = i32(k / ${OW}u % ${OH}u) * ${strides[0]} + line.x;
  let w = i32(k % ${OW}u) * ${strides[1]} + line.y;
  ${read(window, "x", "h", "w", `((i32(k / ${OH * OW}u) * ${H} + h) * ${W} + w)`, "u32(line.z)")}`;
  const size = { lines: KH * KW * C, K: N * OH * OW, channels: C };
  return operand("line", size, body, { type: "vec3i", body: line });
}

/** Patches of the output gradient `dy`: line m is an input position, k is (kh, kw, f); 0 where no window reads the position. */
export function gradientRows(window: Window, F: number): Operand {
  const { N, H, W, OH, OW, KH, KW, strides, padding, dilation } = window;
  const width = channelWidth(F);
  const line = `let h = i32(m / ${W}u % ${H}u) + ${padding[0]};
  let w = i32(m % ${W}u) + ${padding[2]};
  return vec3i(h, w, i32(m / ${H * W}u * ${OH * OW}u));`;
  const whole = (from: string, axis: 0 | 1): string => (strides[axis] > 1 ? ` && ${from} % ${strides[axis]} == 0` : "");
  const body = `let tap = k / ${F}u;
  let fromTop = line.x - i32(tap / ${KW}u) * ${dilation[0]};
  let fromLeft = line.y - i32(tap % ${KW}u) * ${dilation[1]};
  let oh = fromTop / ${strides[0]};
  let ow = fromLeft / ${strides[1]};
  if (fromTop >= 0 && fromLeft >= 0 && oh < ${OH} && ow < ${OW}${whole("fromTop", 0)}${whole("fromLeft", 1)}) {
    return dy[u32(line.z + oh * ${OW} + ow) * ${F / width}u + ${channel("k", F)}];
  }
  return ${floats(width)}();`;
  return operand("k", { lines: N * H * W, K: KH * KW * F, channels: F }, body, { type: "vec3i", body: line });
}

/** The kernel `weights` with input channels as lines: k is (kh, kw, f). */
export function kernelColumns({ C, KH, KW }: Window, F: number): Operand {
  const body = `return weights[(k / ${F}u * ${C}u + line) * ${F / channelWidth(F)}u + ${channel("k", F)}];`;
  return operand("k", { lines: C, K: KH * KW * F, channels: F }, body);
}

/** Code: the channel of an index in which channels run fastest, or its vector. */
function channel(index: string, channels: number): string {
  return channelWidth(channels) === 4 ? `${index} % ${channels}u / 4u` : `${index} % ${channels}u`;
}
