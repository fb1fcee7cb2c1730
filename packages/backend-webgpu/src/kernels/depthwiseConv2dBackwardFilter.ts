/**
 * The kernel's gradient of a depthwise convolution: dk[kh,kw,c,m] = sum over n,oh,ow of x[n,h,w,c] dy[n,oh,ow,c*M+m] with
 * h = oh*SH + kh*DH - top and w likewise; input [N,H,W,C], output gradient [N,OH,OW,C*M] -> [KH,KW,C,M].
 *
 * Cost: 2 N OH OW C M KH KW FLOP; the tensors once, as far as caches hold the rows of a window. Sums blocks of rows into the
 * workspace, then over the blocks; strips as in depthwiseConv2d.ts. Not measured on a card yet.
 */

import { type OpAttributes, type Shape, sizeOf } from "@convoy/core/backend";
import { sumOfRows } from "../wgsl/columnReduction.js";
import { floats, invocations, reads, unrolled, writes } from "../wgsl/shader.js";
import { rowInside, stripColumns, stripsOf } from "../wgsl/strips.js";
import type { KernelTarget } from "../wgsl/target.js";
import { channelsOf, geometry } from "./depthwiseConv2d.js";
import { type Kernel, scratch } from "./kernel.js";

/** Sums that an invocation may hold: more, and it takes one row of the kernel only. */
const maxSums = 9;
/** Invocations that fill a GPU or a CPU, and blocks. */
const enough = { tiled: 16_384, registers: 256 } as const;
const maxBlocks = { tiled: 512, registers: 64 } as const;

interface FilterBlocks {
  /** Rows of the kernel that an invocation takes. */
  readonly kernelRows: number;
  /** Blocks of rows of outputs, and their rows. */
  readonly blocks: number;
  readonly rows: number;
}

function filterBlocks(kernel: Shape, output: Shape, { style }: KernelTarget): FilterBlocks {
  const [KH, KW, C, M] = kernel as [number, number, number, number];
  const kernelRows = KH * KW <= maxSums ? KH : 1;
  const all = output[0]! * output[1]!;
  const side = ((C * M) / channelsOf(kernel).width) * (KH / kernelRows);
  const rows = Math.ceil(all / Math.min(all, maxBlocks[style], Math.ceil(enough[style] / side)));
  return { kernelRows, blocks: Math.ceil(all / rows), rows };
}

/** Workspace in float32 numbers: a kernel gradient a block. */
function filterScratch(kernel: Shape, output: Shape, target: KernelTarget): number {
  const { blocks } = filterBlocks(kernel, output, target);
  return blocks > 1 ? blocks * sizeOf(kernel) : 0;
}

export const depthwiseConv2dBackwardFilter: Kernel<OpAttributes["depthwiseConv2dBackwardFilter"]> = {
  workspaceBytes({ inputs: [, outputGradient], outputs: [kernelGradient] }, target) {
    return 4 * filterScratch(kernelGradient!.shape, outputGradient!.shape, target);
  },
  dispatches(call) {
    const { label, attributes, target } = call;
    const [input, outputGradient] = call.inputs;
    const [kernelGradient] = call.outputs;
    const kernelShape = kernelGradient!.shape;
    const { C, M, width, inputWidth } = channelsOf(kernelShape);
    const window = geometry(input!.shape, kernelShape, outputGradient!.shape, attributes);
    const { N, H, W, KH, KW, OH, OW, strideH, dilationH, top } = window;
    const { kernelRows, blocks, rows } = filterBlocks(kernelShape, outputGradient!.shape, target);
    const length = filterScratch(kernelShape, outputGradient!.shape, target);
    const partial = length > 0 ? scratch(call, "blocks", 0, length) : undefined;
    const strips = stripsOf(window);
    const vectors = (C * M) / width;
    const type = floats(width);
    const check = rowInside(window);
    const kernelRow = (r: number): string => {
      const columns = stripColumns(
        window,
        strips,
        floats(inputWidth),
        (w) => `x[(line + ${w}) * ${C / inputWidth}u + xChannel]`,
        (x, q, kw) => `sum${r * KW + kw} += ${x} * g${q};`,
      );
      return `{
          let h = i32(oh) * ${strideH} + i32(firstRow + ${r}u) * ${dilationH} - ${top};
          ${check ? `if (${check}) ` : ""}{
            let line = (n * ${H}u + u32(h)) * ${W}u;
            ${columns}
          }
        }`;
    };
    const gradient = (q: number): string => {
      const read = `dy[(row * ${OW}u + start + ${q}u) * ${vectors}u + channel]`;
      return OW % strips.length === 0
        ? `let g${q} = ${read};`
        : `var g${q} = ${type}(); if (start + ${q}u < ${OW}u) { g${q} = ${read}; }`;
    };
    const groups = KH / kernelRows;
    const body = `
    let channel = index % ${vectors}u;
    let xChannel = ${M === 1 ? "channel" : `channel / ${M / width}u`};
    let firstRow = index / ${vectors}u % ${groups}u * ${kernelRows}u;
    let block = index / ${vectors * groups}u;
    let end = min(block * ${rows}u + ${rows}u, ${N * OH}u);
    ${unrolled(kernelRows * KW, (tap) => `var sum${tap} = ${type}();`, " ")}
    for (var row = block * ${rows}u; row < end; row++) {
      let n = row / ${OH}u;
      let oh = row % ${OH}u;
      for (var start = 0u; start < ${OW}u + zero; start += ${strips.length}u) {
        ${unrolled(strips.length, gradient)}
        ${unrolled(kernelRows, kernelRow)}
      }
    }
    let to = (block * ${KH * KW}u + firstRow * ${KW}u) * ${vectors}u + channel;
    ${unrolled(kernelRows * KW, (tap) => `dk[to + ${tap * vectors}u] = sum${tap};`)}`;
    const dispatch = invocations(blocks * groups * vectors, body, {
      label,
      tensors: {
        x: reads(input!, floats(inputWidth)),
        dy: reads(outputGradient!, type),
        dk: writes(partial ?? kernelGradient!, type),
      },
    });
    return partial
      ? [dispatch, sumOfRows(`${label}, sum of blocks`, partial, kernelGradient!, blocks, target)]
      : [dispatch];
  },
};
