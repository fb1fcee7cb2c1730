/**
 * A product in tiles of workgroup memory. 2 M N K FLOP. Written for GPUs by arithmetic and checked on software adapters only,
 * where barriers make it slow: the figures below are estimates.
 *
 * A workgroup copies `depth` steps along k of its rows and columns into workgroup memory, each element once and four at a
 * time; then every invocation multiplies its ownRows by ownColumns results in registers.
 *
 * - Reads of workgroup memory: ownRows + ownColumns vectors for ownRows x ownColumns x 4 FMA. With 8x8 16 for 256, a byte an
 *   FMA, which 128 bytes a cycle give to 128 FMA even where no two invocations read the same; those of a row do. With 4x4 it
 *   is two bytes, half of them shared.
 * - Index arithmetic: a copy is one address for four elements, about 25 instructions with the divisions by constants, as the
 *   part that depends on the line alone is computed once. That is 25 for 256 FMA an invocation with 128x128 by 8x8.
 * - Registers: 64 sums, 32 factors of b, 4 of a, up to 16 in flight to the tile: about 128 with 8x8, 64 with 4x4.
 * - The copy of the next block is requested before the current one is multiplied and goes to a second tile, so there is one
 *   barrier a block and memory has a block's arithmetic to answer in. Where two tiles do not fit there is one, and two
 *   barriers.
 * - Bank conflicts: vectors along the lines lie as [k][line / 4], and neighbouring invocations read neighbours. Vectors along
 *   k are not transposed: they lie as [k / 4][line % 4][line / 4] with gaps that part the 8 writers of 128 bytes as well.
 *
 * With float16 the tiles and the sums over one block, 16 steps at most, are float16, and the blocks are added up in float32.
 * Half as many bytes, and where the GPU has packed arithmetic up to 1.6 times as many FMA: 16 steps of two columns are 16
 * packed FMA, 2 conversions and 2 additions in place of 32 FMA. Rounding costs 2^-11 a factor and 2^-11 of the sum so far an
 * addition: at most 18 x 2^-11 of the sum of |a b|, about 0.9%; of terms of random sign typically 0.07% of the results'
 * deviation.
 * Finite factors beyond 65504 count as 65504; NaN and infinity stay what they are. A block's sum beyond 65504 is not finite.
 * So what is not finite shows in the loss, as it does with float32.
 */

import type { Dispatch } from "../wgsl/dispatch.js";
import { type ShaderSpec, unrolled, workgroups } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { MatrixProduct, VectorAxis } from "./matrixProduct.js";
import { multiplyFour, type OperandLoads } from "./multiplyFour.js";
import { tileMomentBytes, tileMoments } from "./productMoments.js";
import { type Tile, threadsOf } from "./tiles.js";

/** How one operand lies in workgroup memory, in vectors. */
interface TileLayout {
  readonly vectors: number;
  /** Code: where the copy number `place` lies, and which line (or first line) and step it is. */
  split(place: string): { readonly line: string; readonly step: string; readonly at: string };
  /** Code for the reads of an invocation whose first group of four lines is at `base`; the others are `apart` groups on. */
  loads(tile: string, base: string, quad: string, apart: number): OperandLoads;
}

function layoutOf(axis: VectorAxis, lines: number, depth: number): TileLayout {
  const groups = lines / 4;
  if (axis === "line") {
    return {
      vectors: groups * depth,
      split: (place) => ({ line: `${place} % ${groups}u * 4u`, step: `${place} / ${groups}u`, at: place }),
      loads: (tile, base, quad, apart) => ({
        axis,
        vector: (step, group) => `${tile}[${base} + (${quad} * 4u + ${step}u) * ${groups}u + ${group * apart}u]`,
      }),
    };
  }
  const quads = depth / 4;
  // Eight writers in a row are 2 or 4 vectors along k of 4 or 2 lines: gaps put each into a bank of its own.
  const [lineGap, quadGap] = quads === 2 ? [2, 1] : quads === 4 ? [1, 2] : [0, 1];
  const quarter = groups + lineGap;
  const perQuad = lines + 4 * lineGap + ((quadGap + 8 - ((lines + 4 * lineGap) % 8)) % 8);
  return {
    vectors: perQuad * quads,
    split: (place) => {
      const line = `${place} / ${quads}u`;
      const quad = `${place} % ${quads}u`;
      return {
        line,
        step: `${quad} * 4u`,
        at: `${quad} * ${perQuad}u + ${line} % 4u * ${quarter}u + ${line} / 4u`,
      };
    },
    loads: (tile, base, quad, apart) => ({
      axis,
      line: (line) =>
        `${tile}[${base} + ${quad} * ${perQuad}u + ${(line % 4) * quarter + Math.floor(line / 4) * apart}u]`,
    }),
  };
}

/** What a product with that tile needs; undefined where the target does not have it. */
interface WorkgroupMemory {
  readonly a: TileLayout;
  readonly b: TileLayout;
  readonly depth: number;
  readonly half: boolean;
  readonly buffers: 1 | 2;
}

function workgroupMemory(product: MatrixProduct, tile: Tile, target: KernelTarget): WorkgroupMemory | undefined {
  const half = target.precision === "float16" && product.forward === true;
  // The same bytes, and as many steps as a sum of float16 may have.
  const depth = half && tile.slices === 1 ? Math.min(16, tile.depth * 2) : tile.depth;
  const a = layoutOf(product.a.axis, tile.rows, depth);
  const b = layoutOf(product.b.axis, tile.columns, depth);
  const threads = threadsOf(tile);
  const folding = tile.slices > 1 ? threads * 16 : 0;
  const bytes = (buffers: number): number => {
    const tiles = { a: a.vectors * buffers, b: b.vectors * buffers, half };
    return (tiles.a + tiles.b) * (half ? 8 : 16) + folding + (product.moments ? tileMomentBytes(tile, tiles) : 0);
  };
  const buffers = bytes(2) <= target.maxWorkgroupBytes ? 2 : 1;
  const fits = threads <= target.maxWorkgroupSize && bytes(buffers) <= target.maxWorkgroupBytes;
  return fits ? { a, b, depth, half, buffers } : undefined;
}

/** Whether the target has the memory and the invocations that the tile takes. */
export function fitsTarget(product: MatrixProduct, tile: Tile, target: KernelTarget): boolean {
  return workgroupMemory(product, tile, target) !== undefined;
}

export function tiledProduct(product: MatrixProduct, tile: Tile, spec: ShaderSpec, target: KernelTarget): Dispatch {
  const { M, N, K, ranges = 1, rangeLength = K } = product;
  const { rows, columns, ownRows, ownColumns, slices } = tile;
  const { a, b, depth, half, buffers } = workgroupMemory(product, tile, target)!;
  const threads = threadsOf(tile);
  const across = columns / ownColumns;
  const perSlice = threads / slices;
  const [rowTiles, columnTiles] = [Math.ceil(M / rows), Math.ceil(N / columns)];
  const full = { rows: M % rows === 0, columns: N % columns === 0 };
  const stepsFit = rangeLength % depth === 0 && K % rangeLength === 0;
  const vectors = ownColumns / 4;
  const type = half ? "vec4<f16>" : "vec4f";
  const results = Array.from({ length: ownRows * vectors }, (_, i) => `${Math.floor(i / vectors)}_${i % vectors}`);

  const copyA = copyCode("A", a, { lines: rows, all: M, depth, stepsFit, threads, half });
  const copyB = copyCode("B", b, { lines: columns, all: N, depth, stepsFit, threads, half });
  const moments = product.moments
    ? tileMoments(product, tile, { a: a.vectors * buffers, b: b.vectors * buffers, half })
    : { declarations: "", code: "" };
  const declarations = `var<workgroup> tileA: array<${type}, ${a.vectors * buffers}>;
var<workgroup> tileB: array<${type}, ${b.vectors * buffers}>;
${slices > 1 ? `var<workgroup> shares: array<vec4f, ${threads}>;` : ""}
${half ? narrowing : ""}${product.a.code("A")}${product.b.code("B")}${product.store(full)}${moments.declarations}${spec.declarations ?? ""}`;
  const multiply = multiplyFour(
    { rows: ownRows, vectors },
    a.loads("tileA", "fromA", "quad", rows / ownRows),
    b.loads("tileB", "fromB", "quad", across),
    half ? "part" : "sum",
    type,
  );
  // Workgroups in a row share the larger operand's lines: it is then read from memory once.
  const place =
    M >= N
      ? `let firstRow = tileNumber / ${columnTiles}u * ${rows}u; let firstColumn = tileNumber % ${columnTiles}u * ${columns}u;`
      : `let firstRow = tileNumber % ${rowTiles}u * ${rows}u; let firstColumn = tileNumber / ${rowTiles}u * ${columns}u;`;
  const body = `
    let tileNumber = group % ${rowTiles * columnTiles}u;
    ${place}
    let range = group / ${rowTiles * columnTiles}u;
    let start = range * ${rangeLength}u;
    let end = min(start + ${rangeLength}u, ${K}u);
    let slice = lane / ${perSlice}u;
    let ownRow = lane % ${perSlice}u / ${across}u;
    let ownColumn = lane % ${across}u;
    ${results.map((i) => `var sum${i} = vec4f();`).join(" ")}
    ${copyA.prepare}
    ${copyB.prepare}
    var written = 0u;
    // Each round requests a block, multiplies the one before and writes what has come: a round more than there are blocks.
    for (var first = start; first < end + ${depth}u; first += ${depth}u) {
      ${copyA.declare}
      ${copyB.declare}
      if (first < end) {
        ${copyA.load}
        ${copyB.load}
      }
      if (first > start) {
        let fromA = ${buffers === 2 ? `(1u - written) * ${a.vectors}u + ` : ""}ownRow;
        let fromB = ${buffers === 2 ? `(1u - written) * ${b.vectors}u + ` : ""}ownColumn;
        ${half ? results.map((i) => `var part${i} = ${type}();`).join(" ") : ""}
        for (var quad = slice; quad < ${depth / 4}u; quad += ${slices}u) {
          ${multiply}
        }
        ${half ? results.map((i) => `sum${i} += vec4f(part${i});`).join(" ") : ""}
      }
      ${buffers === 1 ? "workgroupBarrier();" : ""}
      if (first < end) {
        ${copyA.store(buffers === 2 ? `written * ${a.vectors}u + ` : "")}
        ${copyB.store(buffers === 2 ? `written * ${b.vectors}u + ` : "")}
      }
      ${buffers === 2 ? "written = 1u - written;" : ""}
      workgroupBarrier();
    }
    ${slices > 1 ? results.map((i) => foldSlices(`sum${i}`, slices, perSlice)).join("\n") : ""}
    ${slices > 1 ? "if (slice == 0u) {" : "{"}
      ${unrolled(ownRows / 4, (i) =>
        unrolled(vectors, (v) => {
          const [row, column] = [`(ownRow + ${(i * rows) / ownRows}u) * 4u`, `(ownColumn + ${v * across}u) * 4u`];
          const sums = unrolled(4, (r) => `sum${i * 4 + r}_${v}`, ", ");
          return `store(firstRow + ${row}, firstColumn + ${column}, range, ${sums});`;
        }),
      )}
    }${moments.code}`;
  return workgroups(rowTiles * columnTiles * ranges, body, {
    ...spec,
    variant: tiledVariant(tile, half),
    workgroupSize: threads,
    declarations,
    extensions: half ? ["f16"] : [],
  });
}

function tiledVariant({ rows, columns, ownRows, ownColumns, slices }: Tile, half: boolean): string {
  const sliced = slices > 1 ? ` in ${slices} slices` : "";
  return `tiled ${rows}x${columns} by ${ownRows}x${ownColumns}${sliced}${half ? ", float16" : ""}`;
}

/**
 * The function that rounds factors. WGSL lets compilers assume that no number is NaN or infinite: only bits tell for sure.
 */
const narrowing = `fn narrow(x: vec4f) -> vec4<f16> {
  let finite = (bitcast<vec4u>(x) & vec4u(0x7f800000u)) != vec4u(0x7f800000u);
  return vec4<f16>(select(x, clamp(x, vec4f(-65504.0), vec4f(65504.0)), finite));
}
`;

interface TileCopySize {
  /** Lines of the tile, and of the operand. */
  readonly lines: number;
  readonly all: number;
  readonly depth: number;
  readonly stepsFit: boolean;
  readonly threads: number;
  readonly half: boolean;
}

/** Code that copies a block of an operand into its tile. */
interface TileCopy {
  /** What stays the same over all blocks. */
  readonly prepare: string;
  /** Variables for the vectors of an invocation, from their request to their arrival. */
  readonly declare: string;
  readonly load: string;
  store(offset: string): string;
}

function copyCode(name: "A" | "B", layout: TileLayout, size: TileCopySize): TileCopy {
  const { lines, all, depth, stepsFit, threads, half } = size;
  const total = (lines * depth) / 4;
  const count = Math.ceil(total / threads);
  const each = (code: (i: string, last: boolean) => string): string =>
    unrolled(count, (i) => code(`${name}${i}`, i === count - 1 && total % threads > 0));
  const when = (conditions: readonly string[], code: string): string =>
    conditions.length > 0 ? `if (${conditions.join(" && ")}) { ${code} }` : code;
  const linesFit = all % lines === 0;
  const prepare = unrolled(count, (number) => {
    const i = `${name}${number}`;
    const { line, step, at } = layout.split(`place${i}`);
    return `let place${i} = lane + ${number * threads}u;
    let number${i} = ${name === "A" ? "firstRow" : "firstColumn"} + ${line};
    let line${i} = line${name}(number${i});
    let step${i} = ${step};
    let at${i} = ${at};`;
  });
  return {
    prepare,
    declare: each((i) => `var copy${i} = ${half ? "vec4<f16>" : "vec4f"}();`),
    load: each((i, last) => {
      const vector = `vector${name}(line${i}, first + step${i})`;
      return when(
        [
          ...(last ? [`place${i} < ${total}u`] : []),
          ...(linesFit ? [] : [`number${i} < ${all}u`]),
          ...(stepsFit ? [] : [`first + step${i} < end`]),
        ],
        `copy${i} = ${half ? `narrow(${vector})` : vector};`,
      );
    }),
    store: (offset) =>
      each((i, last) => when(last ? [`place${i} < ${total}u`] : [], `tile${name}[${offset}at${i}] = copy${i};`)),
  };
}

/** Adds up a variable over the slices, always in the same order, in those of slice 0. */
function foldSlices(sum: string, slices: number, perSlice: number): string {
  return `shares[lane] = ${sum};
    workgroupBarrier();
    if (slice == 0u) {
      for (var other = 1u; other < ${slices}u + zero; other++) { ${sum} += shares[other * ${perSlice}u + lane]; }
    }
    workgroupBarrier();`;
}
