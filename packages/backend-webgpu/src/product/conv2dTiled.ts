/**
 * The three convolution ops as products for GPUs; no patch is written out.
 *
 * | op             | m             | n | k             |
 * | -------------- | ------------- | - | ------------- |
 * | forward        | (n, oh, ow)   | f | (kh, kw, c)   |
 * | input gradient | (n, h, w)     | c | (kh, kw, f)   |
 * | kernel gradient| (kh, kw, c)   | f | (n, oh, ow)   |
 *
 * With pooling four rows are the four positions of one window: their maximum is taken in registers.
 */

import type { Dispatch } from "../wgsl/dispatch.js";
import { slotTensors } from "../wgsl/momentSlots.js";
import { floats, integers, reads, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { BackwardFilterSpec, BackwardInputSpec, Conv2dSpec } from "./conv2dSpec.js";
import { epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import { matrix, matrixType } from "./matrixProduct.js";
import { channelType, gradientRows, kernelColumns, patchColumns, patchRows } from "./patches.js";
import { storeNothing, storeRows, storeWidth, storeWinners } from "./productStore.js";
import { productVariants } from "./productVariants.js";

export function conv2dTiled(spec: Conv2dSpec, target: KernelTarget): Iterable<Dispatch> {
  const { label, input, kernel, output, window, F, epilogue, pooling, moments } = spec;
  const { N, C, OH, OW, KH, KW } = window;
  const [rows, columns] = pooling ? [pooling.PH, pooling.PW] : [OH, OW];
  const M = N * rows * columns * (pooling ? 4 : 1);
  const K = KH * KW * C;
  const place = pooling
    ? `let at = m / 4u;
  let n = at / ${rows * columns}u;
  let oh = at / ${columns}u % ${rows}u * 2u + m / 2u % 2u;
  let ow = at % ${columns}u * 2u + m % 2u;`
    : `let n = m / ${rows * columns}u;
  let oh = m / ${columns}u % ${rows}u;
  let ow = m % ${columns}u;`;
  const position = (window: string, i: number): string => {
    const [down, right] = [Math.floor(i / 2), i % 2];
    const line = `${window} / ${rows * columns}u * ${OH}u + ${window} / ${columns}u % ${rows}u * 2u + ${down}u`;
    return `(${line}) * ${OW}u + ${window} % ${columns}u * 2u + ${right}u`;
  };
  const width = storeWidth(F);
  const wanted = { y: output.buffer !== undefined, argmax: pooling?.argmax !== undefined };
  return productVariants(
    {
      M,
      N: F,
      K,
      a: patchRows(window, M, place),
      b: matrix("weights", "line", F, K),
      store: pooling
        ? storeWinners({ M, N: F }, epilogue, wanted, position)
        : wanted.y
          ? storeRows("y", { M, N: F }, epilogue)
          : storeNothing,
      ...(moments ? { moments: { left: moments, biased: epilogue.bias !== undefined } } : {}),
      forward: true,
    },
    {
      label,
      tensors: {
        x: reads(input, channelType(C)),
        weights: reads(kernel, matrixType("line", F, K)),
        ...epilogueTensors(epilogue, width),
        ...(moments ? slotTensors(moments, width) : {}),
        ...(wanted.y ? { y: writes(output, floats(width)) } : {}),
        ...(pooling?.argmax ? { argmax: writes(pooling.argmax, integers(width)) } : {}),
      },
      declarations: epilogueDeclarations(epilogue, width),
    },
    target,
  );
}

export function conv2dBackwardInputTiled(spec: BackwardInputSpec, target: KernelTarget): Iterable<Dispatch> {
  const { label, gradient, kernel, output, window, F, beside } = spec;
  const { N, H, W, C, KH, KW } = window;
  const M = N * H * W;
  return productVariants(
    {
      M,
      N: C,
      K: KH * KW * F,
      a: gradientRows(window, F),
      b: kernelColumns(window, F),
      store: storeRows("dx", { M, N: C }),
    },
    {
      label,
      tensors: {
        dy: reads(gradient, channelType(F)),
        weights: reads(kernel, channelType(F)),
        dx: writes(output, floats(storeWidth(C))),
      },
      ...(beside ? { beside } : {}),
    },
    target,
  );
}

export function conv2dBackwardFilterTiled(spec: BackwardFilterSpec, target: KernelTarget): Iterable<Dispatch> {
  const { label, input, gradient, output, window, F, blocks } = spec;
  const { N, C, OH, OW, KH, KW } = window;
  const M = KH * KW * C;
  const K = N * OH * OW;
  return productVariants(
    {
      M,
      N: F,
      K,
      a: patchColumns(window),
      b: matrix("dy", "line", F, K),
      ranges: blocks,
      rangeLength: Math.ceil(N / blocks) * OH * OW,
      store: storeRows("dk", { M, N: F }),
    },
    {
      label,
      tensors: {
        x: reads(input, channelType(C)),
        dy: reads(gradient, matrixType("line", F, K)),
        dk: writes(output, floats(storeWidth(F))),
      },
    },
    target,
  );
}
