/** What products do with their results: WGSL functions `store`, see product.ts. */

import { element, integers, unrolled } from "../wgsl/shader.js";
import { activated, composed, type Epilogue } from "./epilogue.js";
import type { FullTiles } from "./matrixProduct.js";

/** How many results in a row are stored at once. */
export function storeWidth(N: number): 1 | 4 {
  return N % 4 === 0 ? 4 : 1;
}

/** Stores rows of N numbers in `tensor`, behind the epilogue. */
export function storeRows(
  tensor: string,
  { M, N }: { readonly M: number; readonly N: number },
  epilogue: Epilogue = {},
): (full: FullTiles) => string {
  const width = storeWidth(N);
  return (full) => {
    const parts = unrolled(4 / width, (j) => {
      const at = width === 4 ? "column / 4u" : `column + ${j}u`;
      const place = `place * ${N / width}u + ${at}`;
      const sum = width === 4 ? "sum" : element("sum", j, 4);
      return inside(
        full.columns ? "" : `column + ${j}u < ${N}u`,
        `let value = ${composed(epilogue, sum, at, place)};
    ${tensor}[${place}] = ${activated(epilogue, "value", width)};`,
      );
    });
    return `fn storeRow(row: u32, place: u32, column: u32, sum: vec4f) {
  ${inside(full.rows ? "" : `row < ${M}u`, parts)}
}
${storeFunction(unrolled(4, (i) => `storeRow(row + ${i}u, range * ${M}u + row + ${i}u, column, sum${i});`))}`;
  };
}

/** Stores nothing: where statistics of the results are all that is wanted. */
export function storeNothing(): string {
  return storeFunction("");
}

/**
 * The four rows are the positions of a 2x2 window: stores the largest in `y` and its position in `argmax`, where they are
 * wanted. The first of equals wins, in the order of the positions; equal after the bias, as rounding can make them.
 * `position` is code: the number of position `i` of a window among those of all windows.
 */
export function storeWinners(
  { M, N }: { readonly M: number; readonly N: number },
  epilogue: Epilogue,
  wanted: { readonly y: boolean; readonly argmax: boolean },
  position: (window: string, i: number) => string,
): (full: FullTiles) => string {
  const width = storeWidth(N);
  const integer = integers(width);
  return (full) => {
    const parts = unrolled(4 / width, (j) => {
      const at = width === 4 ? "column / 4u" : `column + ${j}u`;
      const value = (i: number): string => {
        const place = `(${position("row / 4u", i)}) * ${N / width}u + ${at}`;
        return composed(epilogue, width === 4 ? `sum${i}` : element(`sum${i}`, j, 4), at, place);
      };
      const compare = (i: number): string => `{
      let candidate = ${value(i)};
      winner = select(winner, ${integer}(${i}), candidate > best);
      best = select(best, candidate, candidate > best);
    }`;
      return inside(
        full.columns ? "" : `column + ${j}u < ${N}u`,
        `var best = ${value(0)};
    var winner = ${integer}();
    ${[1, 2, 3].map(compare).join("\n")}
    let at = row / 4u * ${N / width}u + ${at};
    ${wanted.argmax ? "argmax[at] = winner;" : ""}
    ${wanted.y ? `y[at] = ${activated(epilogue, "best", width)};` : ""}`,
      );
    });
    return storeFunction(inside(full.rows ? "" : `row < ${M}u`, parts));
  };
}

function inside(condition: string, code: string): string {
  return condition === "" ? `{ ${code} }` : `if (${condition}) { ${code} }`;
}

function storeFunction(body: string): string {
  return `fn store(row: u32, column: u32, range: u32, ${unrolled(4, (i) => `sum${i}: vec4f`, ", ")}) {
  ${body}
}
`;
}
