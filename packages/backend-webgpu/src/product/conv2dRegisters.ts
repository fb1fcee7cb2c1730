/**
 * y[n,oh,ow,f] = sum over kh,kw,c of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] k[kh,kw,c,f], then the
 * epilogue where one is fused: bias, normalization, a sum, 2x2 max-pooling, activation; x [N,H,W,C], k [KH,KW,C,F] -> [N,OH,OW,F] or pooled.
 *
 * 2 N OH OW F KH KW C FLOP. No workgroup memory: an invocation keeps a 2x2 square of output positions by up to 16 channels
 * in registers. The lanes of a workgroup share their channels, so what they read of the kernel is the same for all. A
 * software adapter loads a vector for each of 8 lanes by itself: for 4 input channels an invocation loads 16 numbers of x and
 * 32 of the kernel for 128 multiply-adds, with subgroups of 8 lanes 16 and 8 for 256.
 *
 * Measured on llvmpipe (Mesa 25), two Xeon 2.6 GHz threads, batch 64: 13x13x32 by 3x3x32x64 with pooling and relu, 17.4 ms,
 * with subgroups 6.2 ms, 45 GFLOP/s (4.8 ms in blocks of 32 channels, which take twice as long to compile); SwiftShader
 * 33 ms. A 28x28x1 input by 3x3x1x32: 3.4, 1.4 and 16 ms.
 */

import { readsPadding, type WindowGeometry } from "@convoy/core/backend";
import type { Dispatch } from "../wgsl/dispatch.js";
import { slotTensors } from "../wgsl/momentSlots.js";
import {
  element,
  floats,
  integers,
  largestDivisor,
  reads,
  type TensorUse,
  unrolled,
  vectorWidth,
  workgroups,
  writes,
} from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { Conv2dSpec } from "./conv2dSpec.js";
import { activated, composed, epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import { squareMoments } from "./productMoments.js";
import { fullSubgroupSize, registersVariant, sharedVectors } from "./sharedVectors.js";

const lanes = 64;

/** Vectors per invocation whose statistics 16 KiB of workgroup memory hold. */
const maxMomentVectors = 4;

/** Vectors of channels per invocation, in order of preference; with subgroups the weights take fewer loads. */
const blockings = { alone: [2, 4], exchanging: [4, 8, 2] } as const;

export function* conv2dRegisters(spec: Conv2dSpec, target: KernelTarget): Iterable<Dispatch> {
  const subgroupSize = fullSubgroupSize(target, lanes);
  const vectors = spec.F / vectorWidth(spec.F);
  const sizes = blockings[subgroupSize ? "exchanging" : "alone"].map((max) =>
    largestDivisor(vectors, spec.moments ? Math.min(max, maxMomentVectors) : max),
  );
  for (const size of new Set(sizes)) {
    yield convolution(spec, size, subgroupSize);
  }
}

/** Workgroups that share out the positions: each leaves statistics of its own. */
export function squareGroups({ N, OH, OW }: WindowGeometry): number {
  return Math.ceil((N * Math.ceil(OH / 2) * Math.ceil(OW / 2)) / lanes);
}

function convolution(spec: Conv2dSpec, vectors: number, subgroupSize: number | undefined): Dispatch {
  const { label, input, kernel, output, window, F, epilogue, pooling, moments } = spec;
  const { N, H, W, C, OH, OW, KH, KW, strideH, strideW, top, left, dilationH, dilationW } = window;
  const cWidth = vectorWidth(C);
  const fWidth = vectorWidth(F);
  const blocks = F / (fWidth * vectors);
  const type = floats(fWidth);
  // A square of positions: the window of the pooling, or as good for any other use of the same input.
  const high = pooling ? 2 : Math.min(2, OH);
  const wide = pooling ? 2 : Math.min(2, OW);
  const spots = Array.from({ length: high * wide }, (_, s) => [Math.floor(s / wide), s % wide] as const);
  const [rows, columns] = pooling ? [pooling.PH, pooling.PW] : [Math.ceil(OH / high), Math.ceil(OW / wide)];
  // Where a square overhangs the output, its outer positions read what they can and are not stored.
  const overhangs = !pooling && (OH % high > 0 || OW % wide > 0);
  const positions = N * rows * columns;
  const groups = Math.ceil(positions / lanes);
  const checked = readsPadding(window) || overhangs;

  const place = unrolled(spots.length, (s) => {
    const [down, right] = spots[s]!;
    const h = `i32(oh + ${down}u) * ${strideH} + i32(kh) * ${dilationH} - ${top}`;
    const w = `i32(ow + ${right}u) * ${strideW} + i32(kw) * ${dilationW} - ${left}`;
    const base = `((i32(n) * ${H} + h${s}) * ${W} + w${s}) * ${C / cWidth}`;
    return checked
      ? `let h${s} = ${h}; let w${s} = ${w};
        let in${s} = h${s} >= 0 && h${s} < ${H} && w${s} >= 0 && w${s} < ${W};
        let from${s} = u32(select(0, ${base}, in${s}));`
      : `let h${s} = ${h}; let w${s} = ${w}; let from${s} = u32(${base});`;
  });
  const load = unrolled(spots.length, (s) =>
    checked ? `let x${s} = select(${floats(cWidth)}(), x[from${s} + c], in${s});` : `let x${s} = x[from${s} + c];`,
  );
  const weights = sharedVectors(
    "weight",
    "k",
    cWidth * vectors,
    (e) => `tap + (c * ${cWidth}u + ${e} / ${vectors}u) * ${F / fWidth}u + ${e} % ${vectors}u`,
    subgroupSize,
  );
  const multiply = unrolled(cWidth, (cc) =>
    unrolled(
      vectors,
      (j) => `{
          let w = ${weights.vector(cc * vectors + j)};
          ${unrolled(spots.length, (s) => `sum${s}_${j} = fma(${type}(${element(`x${s}`, cc, cWidth)}), w, sum${s}_${j});`)}
        }`,
    ),
  );
  const statistics = moments
    ? squareMoments({
        moments: { left: moments, biased: epilogue.bias !== undefined },
        ...{ lanes, channels: F, width: fWidth, vectors },
        valid: spots.map(([down, right]) => {
          const conditions = [
            ...(positions % lanes > 0 ? [`own < ${positions}u`] : []),
            ...(overhangs && down + right > 0 ? [`oh + ${down}u < ${OH}u && ow + ${right}u < ${OW}u`] : []),
          ];
          return conditions.length > 0 ? conditions.join(" && ") : undefined;
        }),
        firstVector: `block * ${vectors}u`,
        slot: `group % ${groups}u`,
        total: groups,
      })
    : { declarations: "", code: "" };
  const body = `
    let block = group / ${groups}u;
    let own = group % ${groups}u * ${lanes}u + lane;
    // Lanes beyond the last position compute it again, as all lanes must take part in exchanges.
    let position = min(own, ${positions - 1}u);
    let oh = position / ${columns}u % ${rows}u * ${high}u;
    let ow = position % ${columns}u * ${wide}u;
    let n = position / ${rows * columns}u;
    ${unrolled(spots.length, (s) => unrolled(vectors, (j) => `var sum${s}_${j} = ${type}();`, " "))}
    for (var kh = 0u; kh < ${KH}u + zero; kh++) {
      for (var kw = 0u; kw < ${KW}u; kw++) {
        ${place}
        let tap = (kh * ${KW}u + kw) * ${(C * F) / fWidth}u + block * ${vectors}u;
        for (var c = 0u; c < ${C / cWidth}u; c++) {
          ${load}
          ${weights.load}
          ${multiply}
        }
      }
    }
    if (own < ${positions}u) {
      ${unrolled(vectors, (j) => (pooling ? storePooled(j) : output.buffer ? storeSquare(j) : ""))}
    }${statistics.code}`;

  /** Code: the vector of channels `channel` at position `s` of the square. */
  function placeOf(s: number, channel: string): string {
    const [down, right] = spots[s]!;
    return `((n * ${OH}u + oh + ${down}u) * ${OW}u + ow + ${right}u) * ${F / fWidth}u + ${channel}`;
  }

  function storeSquare(j: number): string {
    return unrolled(spots.length, (s) => {
      const [down, right] = spots[s]!;
      const guard = overhangs && down + right > 0 ? `if (oh + ${down}u < ${OH}u && ow + ${right}u < ${OW}u) ` : "";
      return `${guard}{
        let at = block * ${vectors}u + ${j}u;
        let value = ${composed(epilogue, `sum${s}_${j}`, "at", placeOf(s, "at"))};
        y[${placeOf(s, "at")}] = ${activated(epilogue, "value", fWidth)};
      }`;
    });
  }

  /** The first of equals wins, in the order of the window's positions; equal after the bias, as rounding can make them. */
  function storePooled(j: number): string {
    const integer = integers(fWidth);
    const channel = `block * ${vectors}u + ${j}u`;
    const value = (s: number): string => composed(epilogue, `sum${s}_${j}`, channel, placeOf(s, channel));
    return `{
        var best = ${value(0)};
        var winner = ${integer}();
        ${[1, 2, 3]
          .map(
            (s) => `{
          let candidate = ${value(s)};
          winner = select(winner, ${integer}(${s}), candidate > best);
          best = select(best, candidate, candidate > best);
        }`,
          )
          .join("\n")}
        let at = position * ${F / fWidth}u + block * ${vectors}u + ${j}u;
        ${pooling?.argmax ? "argmax[at] = winner;" : ""}
        ${output.buffer ? `y[at] = ${activated(epilogue, "best", fWidth)};` : ""}
      }`;
  }

  const tensors: Record<string, TensorUse> = {
    x: reads(input, floats(cWidth)),
    k: reads(kernel, type),
    ...epilogueTensors(epilogue, fWidth),
    ...(moments ? slotTensors(moments, fWidth) : {}),
    ...(output.buffer ? { y: writes(output, type) } : {}),
    ...(pooling?.argmax ? { argmax: writes(pooling.argmax, integers(fWidth)) } : {}),
  };
  return workgroups(groups * blocks, body, {
    label,
    variant: registersVariant(`${spots.length} positions by ${vectors * fWidth} channels`, subgroupSize),
    tensors,
    declarations: `${epilogueDeclarations(epilogue, fWidth)}${statistics.declarations}`,
    workgroupSize: lanes,
    extensions: subgroupSize ? ["subgroups"] : [],
  });
}
