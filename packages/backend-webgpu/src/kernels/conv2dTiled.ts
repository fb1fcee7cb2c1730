/**
 * The three convolution ops as tiled products; no patch is written out.
 *
 * | op             | m             | n | k             |
 * | -------------- | ------------- | - | ------------- |
 * | forward        | (n, oh, ow)   | f | (kh, kw, c)   |
 * | input gradient | (n, h, w)     | c | (kh, kw, f)   |
 * | kernel gradient| (kh, kw, c)   | f | (n, oh, ow)   |
 *
 * With pooling the four rows of an invocation are the four positions of one window: their maximum is taken in registers.
 */

import type { Dispatch } from "../dispatch.js";
import type { KernelTarget } from "../kernel.js";
import { reads, unrolled, writes } from "../shader.js";
import type { BackwardFilterProblem, BackwardInputProblem, Conv2dProblem } from "./conv2dProblem.js";
import { activated, biased, epilogueDeclarations, epilogueTensors } from "./epilogue.js";
import { storeEach, tiledProduct } from "./tiledProduct.js";
import { inputColumn, inputRow, inside, isUnpadded, type Window } from "./windows.js";

/** WGSL function `underTap(n, oh, ow, tap, c)`: the input under a tap of the kernel, 0 in the padding. */
function tapDeclaration(window: Window): string {
  const { H, W, C, KW } = window;
  const read = `x[((n * ${H}u + u32(h)) * ${W}u + u32(w)) * ${C}u + c]`;
  return `fn underTap(n: u32, oh: u32, ow: u32, tap: u32, c: u32) -> f32 {
  let h = ${inputRow(window, "oh", `tap / ${KW}u`)};
  let w = ${inputColumn(window, "ow", `tap % ${KW}u`)};
  ${isUnpadded(window) ? `return ${read};` : `if (${inside(window, "h", "w")}) { return ${read}; } return 0.0;`}
}
`;
}

export function conv2dTiled(problem: Conv2dProblem, _target: KernelTarget): Dispatch[] {
  const { label, input, kernel, output, window, F, epilogue, pooling } = problem;
  const { N, C, OH, OW, KH, KW } = window;
  const [rows, columns] = pooling ? [pooling.PH, pooling.PW] : [OH, OW];
  const place = pooling
    ? `let spot = m % 4u; let at = m / 4u; let oh = at / ${columns}u % ${rows}u * 2u + spot / 2u; let ow = at % ${columns}u * 2u + spot % 2u;`
    : `let at = m; let oh = at / ${columns}u % ${rows}u; let ow = at % ${columns}u;`;
  const elements = `${tapDeclaration(window)}fn elementA(m: u32, k: u32) -> f32 {
  ${place}
  return underTap(at / ${rows * columns}u, oh, ow, k / ${C}u, k % ${C}u);
}
fn elementB(k: u32, n: u32) -> f32 { return weights[k * ${F}u + n]; }
`;
  const M = N * rows * columns * (pooling ? 4 : 1);
  const storeAll = storeEach(
    M,
    F,
    (sum, r, c) =>
      `let value = ${biased(epilogue, sum, c)}; y[${r} * ${F}u + ${c}] = ${activated(epilogue, "value", 1)};`,
  );
  const storeWinner = unrolled(4, (j) => {
    const value = (i: number): string => biased(epilogue, `sum${i}.${"xyzw"[j]}`, `column + ${j}u`);
    return `if (row < ${M}u && column + ${j}u < ${F}u) {
      var best = ${value(0)};
      var winner = 0;
      ${[1, 2, 3].map((i) => `{ let candidate = ${value(i)}; if (candidate > best) { best = candidate; winner = ${i}; } }`).join("\n")}
      let at = row / 4u * ${F}u + column + ${j}u;
      ${pooling?.argmax ? "argmax[at] = winner;" : ""}
      ${output.buffer ? `y[at] = ${activated(epilogue, "best", 1)};` : ""}
    }`;
  });
  const store = pooling ? storeWinner : storeAll;
  return [
    tiledProduct(
      { M, N: F, K: KH * KW * C, elements, contiguousA: "k", contiguousB: "n", store },
      {
        label,
        tensors: {
          x: reads(input),
          weights: reads(kernel),
          ...epilogueTensors(epilogue, 1),
          ...(output.buffer ? { y: writes(output) } : {}),
          ...(pooling?.argmax ? { argmax: writes(pooling.argmax) } : {}),
        },
        declarations: epilogueDeclarations(epilogue),
      },
    ),
  ];
}

export function conv2dBackwardInputTiled(problem: BackwardInputProblem, _target: KernelTarget): Dispatch[] {
  const { label, gradient, kernel, output, window, F } = problem;
  const { N, H, W, C, OH, OW, KH, KW, strides, padding, dilation } = window;
  const elements = `fn elementA(m: u32, k: u32) -> f32 {
  let tap = k / ${F}u;
  let fromTop = i32(m / ${W}u % ${H}u) + ${padding[0]} - i32(tap / ${KW}u) * ${dilation[0]};
  let fromLeft = i32(m % ${W}u) + ${padding[2]} - i32(tap % ${KW}u) * ${dilation[1]};
  let oh = fromTop / ${strides[0]};
  let ow = fromLeft / ${strides[1]};
  if (fromTop < 0 || fromLeft < 0 || oh >= ${OH} || ow >= ${OW} || oh * ${strides[0]} != fromTop || ow * ${strides[1]} != fromLeft) {
    return 0.0;
  }
  return dy[((m / ${H * W}u * ${OH}u + u32(oh)) * ${OW}u + u32(ow)) * ${F}u + k % ${F}u];
}
fn elementB(k: u32, n: u32) -> f32 { return weights[(k / ${F}u * ${C}u + n) * ${F}u + k % ${F}u]; }
`;
  const M = N * H * W;
  const store = storeEach(M, C, (sum, r, c) => `dx[${r} * ${C}u + ${c}] = ${sum};`);
  return [
    tiledProduct(
      { M, N: C, K: KH * KW * F, elements, contiguousA: "k", contiguousB: "k", store },
      { label, tensors: { dy: reads(gradient), weights: reads(kernel), dx: writes(output) } },
    ),
  ];
}

export function conv2dBackwardFilterTiled(problem: BackwardFilterProblem, _target: KernelTarget): Dispatch[] {
  const { label, input, gradient, output, window, F, blocks } = problem;
  const { N, C, OH, OW, KH, KW } = window;
  const elements = `${tapDeclaration(window)}fn elementA(m: u32, k: u32) -> f32 {
  return underTap(k / ${OH * OW}u, k / ${OW}u % ${OH}u, k % ${OW}u, m / ${C}u, m % ${C}u);
}
fn elementB(k: u32, n: u32) -> f32 { return dy[k * ${F}u + n]; }
`;
  const M = KH * KW * C;
  const store = storeEach(M, F, (sum, r, c) => `dk[(range * ${M}u + ${r}) * ${F}u + ${c}] = ${sum};`);
  const rangeLength = Math.ceil(N / blocks) * OH * OW;
  return [
    tiledProduct(
      {
        M,
        N: F,
        K: N * OH * OW,
        elements,
        contiguousA: "m",
        contiguousB: "n",
        ranges: blocks,
        rangeLength,
        store,
      },
      { label, tensors: { x: reads(input), dy: reads(gradient), dk: writes(output) } },
    ),
  ];
}
