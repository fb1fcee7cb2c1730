/**
 * dk[kh,kw,c,f] = sum over n,oh,ow of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] dy[n,oh,ow,f];
 * x [N,H,W,C], dy [N,OH,OW,F] -> [KH,KW,C,F].
 *
 * 2 N OH OW F KH KW C FLOP. The sum over samples is split into blocks that write to the workspace [blocks,KH,KW,C,F] and are
 * added up afterwards, always in the same order. No workgroup memory: an invocation keeps 4 input by up to 16 output channels
 * of one tap in registers. The lanes of a workgroup share their output channels and positions, so what they read of dy is the
 * same for all and may be exchanged within subgroups.
 *
 * Measured on llvmpipe (Mesa 25), two Xeon 2.6 GHz threads, batch 64: 13x13x32 and 11x11x64 to 3x3x32x64, 15.9 ms, with
 * subgroups of 8 lanes 9.6 ms, 30 GFLOP/s (7.7 ms in blocks of 32 channels, which take twice as long to compile);
 * SwiftShader 47 ms.
 */

import { readsPadding } from "@convoy/core/backend";
import type { Dispatch } from "../wgsl/dispatch.js";
import { element, floats, largestDivisor, reads, unrolled, vectorWidth, workgroups, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { BackwardFilterSpec } from "./conv2dSpec.js";
import { fullSubgroupSize, registersVariant, sharedVectors } from "./sharedVectors.js";

/** Maximum number of invocations of a workgroup. */
const maxLanes = 128;

/** Maximum number of elements of the kernel gradient per invocation, in order of preference. */
const blockings = { alone: [64, 32], exchanging: [64, 32, 128] } as const;

export function* conv2dBackwardFilterRegisters(spec: BackwardFilterSpec, target: KernelTarget): Iterable<Dispatch> {
  const { window, F } = spec;
  const [cWidth, fWidth] = [vectorWidth(window.C), vectorWidth(F)];
  const subgroupSize = fullSubgroupSize(target, maxLanes);
  const sizes = blockings[subgroupSize ? "exchanging" : "alone"].map((numbers) =>
    largestDivisor(F / fWidth, Math.min(8, Math.max(1, numbers / (cWidth * fWidth)))),
  );
  for (const vectors of new Set(sizes)) {
    yield kernelGradient(spec, vectors, subgroupSize);
  }
}

function kernelGradient(spec: BackwardFilterSpec, vectors: number, subgroupSize: number | undefined): Dispatch {
  const { label, input, gradient, output, window, F, blocks } = spec;
  const { N, H, W, C, OH, OW, KH, KW, strideH, strideW, top, left, dilationH, dilationW } = window;
  const cWidth = vectorWidth(C);
  const fWidth = vectorWidth(F);
  const type = floats(fWidth);
  const fBlocks = F / (fWidth * vectors);
  const cBlocks = C / cWidth;
  const samples = Math.ceil(N / blocks);
  // The taps and input channels of a kernel gradient: each an invocation. Workgroups are equally full.
  const rows = KH * KW * cBlocks;
  const rowGroups = Math.ceil(rows / maxLanes);
  const whole = subgroupSize ?? 1;
  const lanes = Math.ceil(rows / rowGroups / whole) * whole;
  // So many positions of a row at a time that every lane of a subgroup has a vector to load.
  const positions = Math.min(OW, Math.ceil((subgroupSize ?? 1) / vectors));
  const gradients = sharedVectors(
    "g",
    "dy",
    positions * vectors,
    (e) => `place + ${e} / ${vectors}u * ${F / fWidth}u + ${e} % ${vectors}u`,
    subgroupSize,
  );
  const overhangs = OW % positions > 0;
  const value =
    !readsPadding(window) && !overhangs ? "x[at]" : `select(${floats(cWidth)}(), x[select(0u, at, has)], has)`;
  const body = `
    let own = group % ${rowGroups}u * ${lanes}u + lane;
    let fBlock = group / ${rowGroups}u % ${fBlocks}u;
    let block = group / ${rowGroups * fBlocks}u;
    // Lanes beyond the last row compute it again, as all lanes must take part in exchanges.
    let row = min(own, ${rows - 1}u);
    let cBlock = row % ${cBlocks}u;
    let kw = row / ${cBlocks}u % ${KW}u;
    let kh = row / ${cBlocks * KW}u;
    ${unrolled(cWidth, (c) => unrolled(vectors, (j) => `var sum${c}_${j} = ${type}();`, " "))}
    let end = min((block + 1u) * ${samples}u, ${N}u);
    for (var n = block * ${samples}u; n < end; n++) {
      for (var oh = 0u; oh < ${OH}u; oh++) {
        let h = i32(oh) * ${strideH} + i32(kh) * ${dilationH} - ${top};
        for (var ow = 0u; ow < ${OW}u; ow += ${positions}u) {
          let place = ((n * ${OH}u + oh) * ${OW}u + ow) * ${F / fWidth}u + fBlock * ${vectors}u;
          ${gradients.load}
          ${unrolled(
            positions,
            (p) => `{
            let w = i32(ow + ${p}u) * ${strideW} + i32(kw) * ${dilationW} - ${left};
            let has = h >= 0 && h < ${H} && w >= 0 && w < ${W}${overhangs ? ` && ow + ${p}u < ${OW}u` : ""};
            let at = ((n * ${H}u + u32(h)) * ${W}u + u32(w)) * ${cBlocks}u + cBlock;
            let value = ${value};
            ${unrolled(
              vectors,
              (j) => `{
              let gradient = ${gradients.vector(p * vectors + j)};
              ${unrolled(cWidth, (c) => `sum${c}_${j} = fma(${type}(${element("value", c, cWidth)}), gradient, sum${c}_${j});`)}
            }`,
            )}
          }`,
          )}
        }
      }
    }
    if (own < ${rows}u) {
      ${unrolled(cWidth, (c) =>
        unrolled(
          vectors,
          (j) =>
            `dk[(((block * ${KH}u + kh) * ${KW}u + kw) * ${C}u + cBlock * ${cWidth}u + ${c}u) * ${F / fWidth}u + fBlock * ${vectors}u + ${j}u] = sum${c}_${j};`,
        ),
      )}
    }`;
  return workgroups(rowGroups * fBlocks * blocks, body, {
    label,
    variant: registersVariant(`${cWidth} by ${vectors * fWidth} channels`, subgroupSize),
    tensors: {
      x: reads(input, floats(cWidth)),
      dy: reads(gradient, type),
      dk: writes(output, type),
    },
    workgroupSize: lanes,
    extensions: subgroupSize ? ["subgroups"] : [],
  });
}
