/**
 * dx[n,h,w,c] = sum over f and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,f] k[kh,kw,c,f];
 * dy [N,OH,OW,F], k [KH,KW,C,F] -> [N,H,W,C].
 *
 * 2 N OH OW F KH KW C FLOP. No workgroup memory: an invocation keeps a 2x2 square of positions by up to 16 channels in
 * registers; the sum runs over f, which is contiguous in both tensors and read in vectors. The lanes of a workgroup share
 * their channels, so what they read of the kernel is the same for all and may be exchanged within subgroups.
 *
 * Measured on llvmpipe (Mesa 25), two Xeon 2.6 GHz threads, batch 64: 11x11x64 to 13x13x32 by 3x3, 32 ms, with subgroups of 8
 * lanes 10 ms, 28 GFLOP/s (40 with the border, where a third of the taps read nothing); SwiftShader 48 ms.
 */

import type { Dispatch } from "../wgsl/dispatch.js";
import { element, floats, largestDivisor, reads, unrolled, vectorWidth, workgroups, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { BackwardInputSpec } from "./conv2dSpec.js";
import { fullSubgroupSize, registersVariant, sharedVectors } from "./sharedVectors.js";

const lanes = 64;

/** Channels per invocation, in order of preference; with subgroups the weights take fewer loads. */
const blockings = { alone: [8, 16], exchanging: [16, 32, 8] } as const;

export function* conv2dBackwardInputRegisters(spec: BackwardInputSpec, target: KernelTarget): Iterable<Dispatch> {
  const subgroupSize = fullSubgroupSize(target, lanes);
  const sizes = blockings[subgroupSize ? "exchanging" : "alone"].map((max) => largestDivisor(spec.window.C, max));
  for (const size of new Set(sizes)) {
    yield inputGradient(spec, size, subgroupSize);
  }
}

/** How a window moves along one axis, and the output's size. */
interface Axis {
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly size: number;
}

function inputGradient(spec: BackwardInputSpec, channels: number, subgroupSize: number | undefined): Dispatch {
  const { label, gradient, kernel, output, window, F, beside } = spec;
  const { N, H, W, C, OH, OW, KH, KW, strideH, strideW, top, left, dilationH, dilationW } = window;
  const width = vectorWidth(F);
  const type = floats(width);
  const [high, wide] = [Math.min(2, H), Math.min(2, W)];
  const [rows, columns] = [Math.ceil(H / high), Math.ceil(W / wide)];
  const positions = N * rows * columns;
  const groups = Math.ceil(positions / lanes);
  const dotted = (a: string, b: string, sum: string): string =>
    unrolled(width, (i) => `${sum} = fma(${element(a, i, width)}, ${element(b, i, width)}, ${sum});`, " ");
  const spots = Array.from({ length: high * wide }, (_, s) => [Math.floor(s / wide), s % wide] as const);
  /** Declares `o<axis><spot>`, the output row (column) that reads this one, and whether there is one. */
  const source = (name: string, at: string, k: string, axis: Axis): string => {
    const { stride, padding, dilation, size } = axis;
    const whole = stride > 1 ? ` && ${name}From % ${stride} == 0` : "";
    return `let ${name}From = i32(${at}) + ${padding} - i32(${k}) * ${dilation};
          let ${name}Has = ${name}From >= 0 && ${name}From < ${size * stride}${whole};
          let ${name} = select(0, ${name}From / ${stride}, ${name}Has);`;
  };
  const place = unrolled(
    spots.length,
    (s) => `let has${s} = oh${spots[s]![0]}Has && ow${spots[s]![1]}Has;
          let from${s} = u32(((i32(n) * ${OH} + oh${spots[s]![0]}) * ${OW} + ow${spots[s]![1]}) * ${F / width});`,
  );
  const stored = vectorWidth(channels);
  const storedAt = (s: number, first: number): string =>
    `${floats(stored)}(${unrolled(stored, (c) => `sum${s}_${first + c}`, ", ")})`;
  const weights = sharedVectors("weight", "k", channels, (c) => `tap + ${c} * ${F / width}u + f`, subgroupSize);
  const body = `
    let block = group / ${groups}u;
    let own = group % ${groups}u * ${lanes}u + lane;
    // Lanes beyond the last position compute it again, as all lanes must take part in exchanges.
    let position = min(own, ${positions - 1}u);
    let w = position % ${columns}u * ${wide}u;
    let h = position / ${columns}u % ${rows}u * ${high}u;
    let n = position / ${columns * rows}u;
    ${unrolled(spots.length, (s) => unrolled(channels, (c) => `var sum${s}_${c} = 0.0;`, " "))}
    for (var kh = 0u; kh < ${KH}u + zero; kh++) {
      ${unrolled(high, (r) => source(`oh${r}`, `h + ${r}u`, "kh", { stride: strideH, padding: top, dilation: dilationH, size: OH }))}
      for (var kw = 0u; kw < ${KW}u; kw++) {
        ${unrolled(wide, (r) => source(`ow${r}`, `w + ${r}u`, "kw", { stride: strideW, padding: left, dilation: dilationW, size: OW }))}
        ${place}
        let tap = ((kh * ${KW}u + kw) * ${C}u + block * ${channels}u) * ${F / width}u;
        for (var f = 0u; f < ${F / width}u; f++) {
          ${unrolled(spots.length, (s) => `let g${s} = select(${type}(), dy[from${s} + f], has${s});`)}
          ${weights.load}
          ${unrolled(
            channels,
            (c) => `{
            let weight = ${weights.vector(c)};
            ${unrolled(spots.length, (s) => dotted(`g${s}`, "weight", `sum${s}_${c}`))}
          }`,
          )}
        }
      }
    }
    if (own < ${positions}u) {
      ${unrolled(spots.length, (s) => {
        const [down, right] = spots[s]!;
        const guard = down + right > 0 ? `if (h + ${down}u < ${H}u && w + ${right}u < ${W}u) ` : "";
        return `${guard}{
        let at = ((n * ${H}u + h + ${down}u) * ${W}u + w + ${right}u) * ${C / stored}u + block * ${channels / stored}u;
        ${unrolled(channels / stored, (c) => `dx[at + ${c}u] = ${storedAt(s, c * stored)};`)}
      }`;
      })}
    }`;
  return workgroups(groups * (C / channels), body, {
    label,
    variant: registersVariant(`${spots.length} positions by ${channels} channels`, subgroupSize),
    tensors: { dy: reads(gradient, type), k: reads(kernel, type), dx: writes(output, floats(stored)) },
    workgroupSize: lanes,
    extensions: subgroupSize ? ["subgroups"] : [],
    ...(beside ? { beside } : {}),
  });
}
