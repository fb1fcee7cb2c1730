/**
 * The statistics of a convolution's results by channel, taken while they are in registers: how many numbers the rows of a workgroup
 * have, their mean and the sum of their squared deviations. Each invocation takes those of its own rows, around their mean, and
 * they are merged in workgroup memory: M2 = sum of the M2 + sum of n (mean - mean of all)^2 (Chan, Golub, LeVeque, 1979), so that
 * nothing cancels where the mean is far from 0. They cost about 5 FLOP a result, two barriers a vector of columns and 12 bytes a
 * channel and workgroup. A second launch merges the workgroups, see wgsl/momentSlots.ts.
 */

import { leaveMoments } from "../wgsl/momentSlots.js";
import { element, floats, unrolled } from "../wgsl/shader.js";
import type { MatrixProduct, ProductMoments } from "./matrixProduct.js";
import { storeWidth } from "./productStore.js";
import { type Tile, threadsOf } from "./tiles.js";

/** Slots that every second launch can merge without taking longer than its elements do; more only of very many rows. */
const [maxSlots, rowsPerSlot] = [512, 128];
/** Rows of a workgroup of the smallest variant. */
const fewestRows = 8;

/** Whether a variant of a product may leave the statistics of so many rows at a time. */
export function leavesFewSlots(rows: number, rowsAtATime: number): boolean {
  return Math.ceil(rows / rowsAtATime) <= Math.max(maxSlots, Math.ceil(rows / rowsPerSlot));
}

/** The slots of any variant of a product that may leave statistics, at most. */
export function mostSlots(rows: number): number {
  return Math.min(Math.ceil(rows / fewestRows), Math.max(maxSlots, Math.ceil(rows / rowsPerSlot)));
}

/**
 * Code that declares `count`, `average` and `squares` of the vectors `values`; of those with a condition in `valid` only where it
 * holds, which it does of the first one unless it does of none.
 */
function ownMoments(type: string, values: readonly string[], valid: readonly (string | undefined)[]): string {
  const masked = (code: string, index: number): string =>
    valid[index] === undefined ? code : `select(${type}(), ${code}, ${valid[index]})`;
  const counts = valid.map((condition) => (condition === undefined ? "1.0" : `select(0.0, 1.0, ${condition})`));
  const apart = values.map((value, index) => masked(`${value} - ${values[0]}`, index));
  return `let count = ${counts.join(" + ")};
      let shift = (${apart.slice(1).join(" + ") || `${type}()`}) / max(count, 1.0);
      let average = ${values[0]} + shift;
      var squares = shift * shift;
      ${values
        .slice(1)
        .map(
          (value, at) =>
            `{ let apart = ${masked(`${value} - ${values[0]} - shift`, at + 1)}; squares += apart * apart; }`,
        )
        .join("\n      ")}`;
}

/** Arrays in workgroup memory where states lie until they are merged. */
interface MomentLanes {
  readonly means: string;
  readonly squares: string;
  readonly counts: string;
}

const ownLanes: MomentLanes = { means: "meanLanes", squares: "squaresLanes", counts: "countLanes" };

/**
 * Code that declares `count`, `average` and `squares` of `states` states in workgroup memory; `at` is code of the place of state `i`
 * among the means and squares, `countAt` among the counts. The first has counted something.
 */
function mergedMoments(
  type: string,
  states: number,
  { means, squares, counts }: MomentLanes,
  at: (i: string) => string,
  countAt: (i: string) => string,
): string {
  const loop = (code: string): string => `for (var i = 0u; i < ${states}u + zero; i++) { ${code} }`;
  const count = `${counts}[${countAt("i")}]`;
  return `let pivot = ${means}[${at("0u")}];
      var count = 0.0;
      var moved = ${type}();
      ${loop(`count += ${count}; moved += ${count} * (${means}[${at("i")}] - pivot);`)}
      let shift = moved / count;
      let average = pivot + shift;
      var squares = ${type}();
      ${loop(`let apart = ${means}[${at("i")}] - pivot - shift; squares += ${squares}[${at("i")}] + ${count} * apart * apart;`)}`;
}

/** Declarations of arrays of their own. */
function lanesDeclaration({ means, squares }: MomentLanes, type: string, length: number): string {
  return `var<workgroup> ${means}: array<${type}, ${length}>;
var<workgroup> ${squares}: array<${type}, ${length}>;
`;
}

function countsDeclaration({ counts }: MomentLanes, length: number): string {
  return `var<workgroup> ${counts}: array<f32, ${length}>;
`;
}

/** The tiles of a product in workgroup memory, which nothing needs any more when its results are stored: numbers of vectors. */
export interface SpentTiles {
  readonly a: number;
  readonly b: number;
  readonly half: boolean;
}

/** Whether the tiles can take the states of all invocations that have results. */
function takesStates({ a, b, half }: SpentTiles, lanes: number): boolean {
  return !half && a >= lanes && b >= lanes;
}

function lanesOf(tile: Tile): number {
  return threadsOf(tile) / tile.slices;
}

/** Bytes of workgroup memory that `tileMoments` takes beyond the tiles. */
export function tileMomentBytes(tile: Tile, tiles: SpentTiles): number {
  const lanes = lanesOf(tile);
  return lanes * 4 + (takesStates(tiles, lanes) ? 0 : lanes * 32);
}

/**
 * Code that stores the statistics of four columns from `column` on as slot `slot`, from `count`, `average` and `squares`: as far as
 * there are such columns.
 */
function leaveColumns(
  { N, moments }: Pick<MatrixProduct, "N" | "moments">,
  at: { readonly slot: string; readonly total: number; readonly full: boolean },
): string {
  const { left, biased } = moments!;
  const { slot, total, full } = at;
  const width = storeWidth(N);
  return unrolled(4 / width, (j) => {
    const vector = (name: string): string => (width === 4 ? name : element(name, j, 4));
    const own = width === 4 ? "column / 4u" : `column + ${j}u`;
    const code = `let own = ${own};
      ${leaveMoments(
        { channels: N, width },
        left,
        { slot, column: "own", total },
        {
          count: "count",
          mean: `${vector("average")}${biased ? " + bias[own]" : ""}`,
          squares: vector("squares"),
        },
      )}`;
    return full ? `{ ${code} }` : `if (column + ${j}u < ${N}u) { ${code} }`;
  });
}

/** What a tiled product does after its results are stored, in control flow that is uniform. */
export function tileMoments(
  product: MatrixProduct,
  tile: Tile,
  tiles: SpentTiles,
): { readonly declarations: string; readonly code: string } {
  const { M, N } = product;
  const { rows, columns, ownRows, ownColumns, slices } = tile;
  const lanes = lanesOf(tile);
  const reuses = takesStates(tiles, lanes);
  const places = reuses ? { ...ownLanes, means: "tileA", squares: "tileB" } : ownLanes;
  const across = columns / ownColumns;
  const slot = `firstRow / ${rows}u`;
  const valid = Array.from({ length: ownRows }, (_, r) =>
    M % rows === 0
      ? undefined
      : `firstRow + (ownRow + ${(Math.floor(r / 4) * rows) / ownRows}u) * 4u + ${r % 4}u < ${M}u`,
  );
  const code = unrolled(ownColumns / 4, (v) => {
    const sums = valid.map((_, r) => `sum${r}_${v}`);
    const leave = leaveColumns(product, { slot, total: Math.ceil(M / rows), full: N % columns === 0 });
    return `${v > 0 ? "workgroupBarrier();" : ""}
    ${slices > 1 ? "if (slice == 0u) {" : "{"}
      ${ownMoments("vec4f", sums, valid)}
      ${places.means}[lane] = average;
      ${places.squares}[lane] = squares;
      ${places.counts}[lane] = count;
    }
    workgroupBarrier();
    if (lane < ${across}u) {
      ${mergedMoments(
        "vec4f",
        lanes / across,
        places,
        (i) => `${i} * ${across}u + lane`,
        (i) => `${i} * ${across}u + lane`,
      )}
      let column = firstColumn + (lane + ${v * across}u) * 4u;
      ${leave}
    }`;
  });
  const states = reuses ? "" : lanesDeclaration(places, "vec4f", lanes);
  return { declarations: `${states}${countsDeclaration(places, lanes)}`, code };
}

/** The same of `rows` rows from `firstRow` on that one invocation has of its columns, four from `column` on: `sums` by row. */
export function rowMoments(
  product: MatrixProduct,
  rows: number,
  column: string,
  sums: readonly string[],
  full: { readonly rows: boolean; readonly columns: boolean },
): string {
  const { M } = product;
  const valid = sums.map((_, r) => (full.rows ? undefined : `firstRow + ${r}u < ${M}u`));
  const leave = leaveColumns(product, { slot: `firstRow / ${rows}u`, total: Math.ceil(M / rows), full: full.columns });
  const body = `let column = ${column};
      ${ownMoments("vec4f", sums, valid)}
      ${leave}`;
  return full.rows ? `{ ${body} }` : `if (firstRow < ${M}u) { ${body} }`;
}

/** A square of positions by vectors of channels, as register kernels have them. */
export interface SquareMoments {
  readonly moments: ProductMoments;
  readonly lanes: number;
  readonly channels: number;
  readonly width: 1 | 2 | 4;
  /** Vectors of an invocation, positions of its square, and code that says whether one is there. */
  readonly vectors: number;
  readonly valid: readonly (string | undefined)[];
  /** Code: the first of the workgroup's vectors, and its slot. */
  readonly firstVector: string;
  readonly slot: string;
  readonly total: number;
}

/** What a register kernel does after its results are stored, in control flow that is uniform. */
export function squareMoments(square: SquareMoments): { readonly declarations: string; readonly code: string } {
  const { moments, lanes, channels, width, vectors, valid, firstVector, slot, total } = square;
  const type = floats(width);
  const own = unrolled(vectors, (j) => {
    const sums = valid.map((_, s) => `sum${s}_${j}`);
    return `{
      ${ownMoments(type, sums, valid)}
      meanLanes[lane * ${vectors}u + ${j}u] = average;
      squaresLanes[lane * ${vectors}u + ${j}u] = squares;
      ${j === 0 ? "countLanes[lane] = count;" : ""}
    }`;
  });
  const code = `${own}
    workgroupBarrier();
    if (lane < ${vectors}u) {
      ${mergedMoments(
        type,
        lanes,
        ownLanes,
        (i) => `${i} * ${vectors}u + lane`,
        (i) => i,
      )}
      let column = ${firstVector} + lane;
      ${leaveMoments(
        { channels, width },
        moments.left,
        { slot, column: "column", total },
        { count: "count", mean: `average${moments.biased ? " + bias[column]" : ""}`, squares: "squares" },
      )}
    }`;
  const declarations = `${lanesDeclaration(ownLanes, type, lanes * vectors)}${countsDeclaration(ownLanes, lanes)}`;
  return { declarations, code };
}
