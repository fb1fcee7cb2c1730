/**
 * The operands of the three convolution products as WGSL. What depends on a line alone (its place in the output, or its tap) is
 * computed once for all steps along k; a step costs the divisions that split k and, with padding, the check of the border.
 */

import { readsPadding, type WindowGeometry } from "@convoy/core/backend";
import { floats, vectorWidth } from "../wgsl/shader.js";
import { inside } from "../wgsl/windows.js";
import { type LineSetup, type Operand, scattered, type VectorAxis, vectors } from "./matrixProduct.js";

/** Channels in vectors where a pixel's channels fill them. */
export function channelWidth(channels: number): 1 | 4 {
  return vectorWidth(channels) === 4 ? 4 : 1;
}

/** How a tensor with that many channels in a pixel is bound. */
export function channelType(channels: number): "f32" | "vec4f" {
  return channelWidth(channels) === 4 ? "vec4f" : "f32";
}

/** Code: the vector or number `c` of pixel `h`, `w` (i32), `pixel` counted over all samples; 0 in the padding. */
function read(window: WindowGeometry, tensor: string, h: string, w: string, pixel: string, c: string): string {
  const { C } = window;
  const width = channelWidth(C);
  const value = `${tensor}[u32(${pixel}) * ${C / width}u + ${c}]`;
  return !readsPadding(window)
    ? `return ${value};`
    : `if (${inside(window, h, w)}) { return ${value}; }
  return ${floats(width)}();`;
}

/** Vectors where the channels of a pixel fill them, numbers otherwise. */
function operand(
  axis: VectorAxis,
  size: { readonly lines: number; readonly K: number; readonly channels: number },
  body: string,
  line?: LineSetup,
): Operand {
  const { lines, K, channels } = size;
  return channelWidth(channels) === 4 ? vectors(axis, body, line) : scattered(axis, lines, K, body, line);
}

/**
 * Patches of `x`: line m is an output position, k is (kh, kw, c). `place` is code that works out `n`, `oh` and `ow` from `m`.
 */
export function patchRows(window: WindowGeometry, M: number, place: string): Operand {
  const { H, W, C, KH, KW, strideH, strideW, top, left, dilationH, dilationW } = window;
  const line = `${place}
  let h = i32(oh) * ${strideH} - ${top};
  let w = i32(ow) * ${strideW} - ${left};
  return vec3i(h, w, (i32(n) * ${H} + h) * ${W} + w);`;
  const body = `let tap = k / ${C}u;
  let down = i32(tap / ${KW}u) * ${dilationH};
  let right = i32(tap % ${KW}u) * ${dilationW};
  ${read(window, "x", "(line.x + down)", "(line.y + right)", `(line.z + down * ${W} + right)`, channel("k", C))}`;
  return operand("k", { lines: M, K: KH * KW * C, channels: C }, body, { type: "vec3i", body: line });
}

/** The same patches transposed: line m is (kh, kw, c), k an output position. */
export function patchColumns(window: WindowGeometry): Operand {
  const { N, H, W, C, OH, OW, KH, KW, strideH, strideW, top, left, dilationH, dilationW } = window;
  const line = `let tap = m / ${C}u;
  let h = i32(tap / ${KW}u) * ${dilationH} - ${top};
  let w = i32(tap % ${KW}u) * ${dilationW} - ${left};
  return vec3i(h, w, i32(${channel("m", C)}));`;
  const body = `let h = i32(k / ${OW}u % ${OH}u) * ${strideH} + line.x;
  let w = i32(k % ${OW}u) * ${strideW} + line.y;
  ${read(window, "x", "h", "w", `((i32(k / ${OH * OW}u) * ${H} + h) * ${W} + w)`, "u32(line.z)")}`;
  const size = { lines: KH * KW * C, K: N * OH * OW, channels: C };
  return operand("line", size, body, { type: "vec3i", body: line });
}

/** Patches of the output gradient `dy`: line m is an input position, k is (kh, kw, f); 0 where no window reads the position. */
export function gradientRows(window: WindowGeometry, F: number): Operand {
  const { N, H, W, OH, OW, KH, KW, strideH, strideW, top, left, dilationH, dilationW } = window;
  const width = channelWidth(F);
  const line = `let h = i32(m / ${W}u % ${H}u) + ${top};
  let w = i32(m % ${W}u) + ${left};
  return vec3i(h, w, i32(m / ${H * W}u * ${OH * OW}u));`;
  const whole = (from: string, stride: number): string => (stride > 1 ? ` && ${from} % ${stride} == 0` : "");
  const body = `let tap = k / ${F}u;
  let fromTop = line.x - i32(tap / ${KW}u) * ${dilationH};
  let fromLeft = line.y - i32(tap % ${KW}u) * ${dilationW};
  let oh = fromTop / ${strideH};
  let ow = fromLeft / ${strideW};
  if (fromTop >= 0 && fromLeft >= 0 && oh < ${OH} && ow < ${OW}${whole("fromTop", strideH)}${whole("fromLeft", strideW)}) {
    return dy[u32(line.z + oh * ${OW} + ow) * ${F / width}u + ${channel("k", F)}];
  }
  return ${floats(width)}();`;
  return operand("k", { lines: N * H * W, K: KH * KW * F, channels: F }, body, { type: "vec3i", body: line });
}

/** The kernel `weights` with input channels as lines: k is (kh, kw, f). */
export function kernelColumns({ C, KH, KW }: WindowGeometry, F: number): Operand {
  const body = `return weights[(k / ${F}u * ${C}u + line) * ${F / channelWidth(F)}u + ${channel("k", F)}];`;
  return operand("k", { lines: C, K: KH * KW * F, channels: F }, body);
}

/** Code: the channel of an index in which channels run fastest, or its vector. */
function channel(index: string, channels: number): string {
  return channelWidth(channels) === 4 ? `${index} % ${channels}u / 4u` : `${index} % ${channels}u`;
}
