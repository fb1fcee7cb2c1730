/**
 * The product behind every convolution and dense layer on a GPU: sum over k of a(m,k) b(k,n) for all m, n, where a and b are
 * code that reads an element, so that a convolution is a product over patches that are never written out.
 *
 * 2 M N K FLOP. A workgroup computes a tile of up to 64 x 64 results: it copies 16 columns of a and 16 rows of b at a time
 * into workgroup memory, each element once, and every invocation multiplies 4 rows by 4 columns of them in registers (8
 * reads of workgroup memory for 16 multiply-adds). Checked on software adapters only; there the barriers make it slow.
 */

import type { Dispatch } from "../dispatch.js";
import { type ShaderSpec, unrolled, workgroups } from "../shader.js";

export interface TiledProduct {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** WGSL functions `elementA(m, k)` and `elementB(k, n)`, called inside the bounds only. */
  readonly elements: string;
  /** The index along which a and b are contiguous in memory: neighbouring invocations load along it. */
  readonly contiguousA: "m" | "k";
  readonly contiguousB: "k" | "n";
  /** Into how many ranges of `rangeLength` K is split; default one. The code of `store` sees its range as `range`. */
  readonly ranges?: number;
  readonly rangeLength?: number;
  /** Code that stores the four rows `row` ... `row + 3` of the columns `column` ... `column + 3`: vec4f sum0 ... sum3. */
  readonly store: string;
}

const depth = 16;

/** Results of a tile along one axis: smaller where large tiles would leave most of a GPU idle. */
function tileSize(M: number, N: number): number {
  const tiles = (size: number): number => Math.ceil(M / size) * Math.ceil(N / size);
  return tiles(64) >= 64 ? 64 : tiles(32) >= 16 ? 32 : 16;
}

export function tiledProduct(problem: TiledProduct, spec: ShaderSpec): Dispatch {
  const { M, N, K, contiguousA, contiguousB, ranges = 1, rangeLength = K } = problem;
  const tile = tileSize(M, N);
  const perAxis = tile / 4;
  const size = perAxis * perAxis;
  const [rowTiles, columnTiles] = [Math.ceil(M / tile), Math.ceil(N / tile)];
  const copies = (tile * depth) / size;
  const declarations = `var<workgroup> tileA: array<f32, ${depth * tile}>;
var<workgroup> tileB: array<f32, ${depth * tile}>;
${problem.elements}${spec.declarations ?? ""}`;
  // Place `place` of a tile is (index along the tile, k), whichever is contiguous in memory running fastest.
  const split = (along: boolean): string =>
    along
      ? `let k = place / ${tile}u; let at = place % ${tile}u;`
      : `let k = place % ${depth}u; let at = place / ${depth}u;`;
  const body = `
    let range = group / ${rowTiles * columnTiles}u;
    let firstRow = group % ${rowTiles}u * ${tile}u;
    let firstColumn = group / ${rowTiles}u % ${columnTiles}u * ${tile}u;
    let own = vec2u(lane / ${perAxis}u, lane % ${perAxis}u) * 4u;
    let end = min((range + 1u) * ${rangeLength}u, ${K}u);
    ${unrolled(4, (row) => `var sum${row} = vec4f();`, " ")}
    for (var first = range * ${rangeLength}u; first < end; first += ${depth}u) {
      for (var copy = 0u; copy < ${copies}u; copy++) {
        let place = copy * ${size}u + lane;
        {
          ${split(contiguousA === "m")}
          var value = 0.0;
          if (firstRow + at < ${M}u && first + k < end) { value = elementA(firstRow + at, first + k); }
          tileA[k * ${tile}u + at] = value;
        }
        {
          ${split(contiguousB === "n")}
          var value = 0.0;
          if (firstColumn + at < ${N}u && first + k < end) { value = elementB(first + k, firstColumn + at); }
          tileB[k * ${tile}u + at] = value;
        }
      }
      workgroupBarrier();
      for (var k = 0u; k < ${depth}u; k++) {
        let a = k * ${tile}u + own.x;
        let b = k * ${tile}u + own.y;
        let right = vec4f(tileB[b], tileB[b + 1u], tileB[b + 2u], tileB[b + 3u]);
        ${unrolled(4, (row) => `sum${row} = fma(vec4f(tileA[a + ${row}u]), right, sum${row});`)}
      }
      workgroupBarrier();
    }
    let row = firstRow + own.x;
    let column = firstColumn + own.y;
    ${problem.store}`;
  return workgroups(rowTiles * columnTiles * ranges, body, { ...spec, workgroupSize: size, declarations });
}

/** Code for `store`: `statement(sum, r, c)` for each of the 16 results that exist; r and c are u32 code. */
export function storeEach(M: number, N: number, statement: (sum: string, r: string, c: string) => string): string {
  return unrolled(
    4,
    (i) => `if (row + ${i}u < ${M}u) {
      ${unrolled(
        4,
        (j) =>
          `if (column + ${j}u < ${N}u) { ${statement(`sum${i}.${"xyzw"[j]}`, `(row + ${i}u)`, `(column + ${j}u)`)} }`,
      )}
    }`,
  );
}
