/**
 * A product without tiles in workgroup memory and without barriers between blocks: invocations of a subgroup hand each other
 * the elements of a. 2 M N K FLOP. Written by arithmetic and checked on software adapters only; the figures are
 * estimates.
 *
 * A segment, as many neighbours in a subgroup as the narrowest subgroup has or N needs (at least 4), computes 8 rows; each of its
 * invocations owns one or two vectors of columns. For a block of steps every invocation loads one vector of a (two where
 * segments are short), the factors of b come straight from memory or its cache, and each vector of a is shuffled to all.
 *
 * - A shuffle of a number serves 4 or 8 FMA. NVIDIA shuffles a quarter as many numbers as it multiplies: with 4 the shuffles
 *   take as long as the arithmetic, with 8 half as long. On Intel and AMD a constant source costs next to nothing.
 * - b: a vector an invocation and step, 0.5 bytes an FMA, from the first-level cache: the segments of a workgroup take
 *   different rows of the same columns. Half of what 128 bytes a cycle give to 128 FMA.
 * - a: loaded once a segment, 1/8 of that and less. Registers: 32 or 64 sums, 16 or 32 of b, 8 of a: 70 or 120.
 *
 * So on NVIDIA tiles are estimated to win; where workgroup memory is slow (Intel) or barriers are, this may. Only autotune
 * takes it.
 *
 * WGSL promises neither how invocations are dealt to subgroups nor that subgroups are full, and their size is known in the
 * shader only. So each subgroup counts its active invocations and draws as many tickets as it has complete segments; where
 * those of a workgroup are fewer than its units of work there is another round. Who computes a result has no part in how, so
 * runs stay identical. What is assumed: that no subgroup is narrower or wider than the adapter says, that shuffles reach
 * every active invocation, and that some subgroup of each workgroup has a complete segment. Workgroups are multiples of the
 * widest subgroup, which usually leaves all full. Where an assumption fails results are wrong or not written.
 */

import type { Dispatch } from "../wgsl/dispatch.js";
import { type ShaderSpec, unrolled, workgroups } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { MatrixProduct } from "./matrixProduct.js";
import { multiplyFour, type OperandLoads } from "./multiplyFour.js";
import { leavesFewSlots, rowMoments } from "./productMoments.js";

const ownRows = 8;
const defaultThreads = 128;
/** Fewer leave little to share. */
const minLanes = 4;

/** The variants with subgroups: none where the target has none, or two widths where both have columns to own. */
export function subgroupVariants(product: MatrixProduct, spec: ShaderSpec, target: KernelTarget): Dispatch[] {
  const { subgroupSize } = target;
  if (subgroupSize === undefined || Math.max(defaultThreads, subgroupSize.max) > target.maxWorkgroupSize) {
    return [];
  }
  if (product.moments && !leavesFewSlots(product.M, ownRows)) {
    return [];
  }
  const columns = Math.ceil(product.N / 4);
  const lanes = Math.min(subgroupSize.min, Math.max(minLanes, 2 ** Math.ceil(Math.log2(columns))));
  if (lanes < minLanes) {
    return [];
  }
  const widths = columns >= lanes * 2 ? [2, 1] : [1];
  return widths.map((vectors) => subgroupProduct(product, spec, { lanes, vectors, ...subgroupSize }));
}

interface Size {
  /** Invocations of a segment. */
  readonly lanes: number;
  /** Vectors of columns that each owns. */
  readonly vectors: number;
  readonly min: number;
  readonly max: number;
}

function subgroupProduct(product: MatrixProduct, spec: ShaderSpec, size: Size): Dispatch {
  const { M, N, K, a, b, ranges = 1, rangeLength = K } = product;
  const { lanes, vectors, min, max } = size;
  const threads = Math.max(defaultThreads, max);
  const segments = threads / lanes;
  const columns = lanes * vectors * 4;
  // Steps for which each invocation holds one vector of a, or more if that would be less than a vector along k.
  const steps = Math.max(4, (lanes * 4) / ownRows);
  const pieces = (ownRows * steps) / (lanes * 4);
  const [rowBlocks, columnBlocks] = [Math.ceil(M / ownRows), Math.ceil(N / columns)];
  const units = rowBlocks * columnBlocks;
  const groups = Math.ceil(units / segments);
  const full = { rows: M % ownRows === 0, columns: N % columns === 0 && units % segments === 0 };
  const stepsFit = rangeLength % steps === 0 && K % rangeLength === 0;
  const guards = (name: string, linesFit: boolean, lines: number): string => {
    const conditions = [...(linesFit ? [] : [`number < ${lines}u`]), ...(stepsFit ? [] : ["k < end"])];
    const read = `return vector${name}(line, k);`;
    return `fn read${name}(line: Line${name}, number: u32, k: u32, end: u32) -> vec4f {
  ${conditions.length > 0 ? `if (${conditions.join(" && ")}) { ${read} }\n  return vec4f();` : read}
}
`;
  };
  const declarations = `var<workgroup> tickets: atomic<u32>;
var<workgroup> drawn: u32;
${a.code("A")}${b.code("B")}${guards("A", full.rows, M)}${guards("B", full.columns, N)}${product.store(full)}${spec.declarations ?? ""}`;

  const { prepare, load, reads } = sharedRows(product, steps, pieces, size);
  const ownLines = b.axis === "k" ? vectors * 4 : vectors;
  const loadsB: OperandLoads =
    b.axis === "k"
      ? { axis: "k", line: (line) => `readB(lineB${line}, numberB${line}, k, end)` }
      : { axis: "line", vector: (step, v) => `readB(lineB${v}, numberB${v}, k + ${step}u, end)` };
  const momentsOf = (v: number): string => {
    const sums = Array.from({ length: ownRows }, (_, row) => `sum${row}_${v}`);
    return rowMoments(product, ownRows, `firstColumn + (own + ${v * lanes}u) * 4u`, sums, full);
  };
  const body = `
    ${drawTickets(lanes)}
    let range = group / ${groups}u;
    let start = range * ${rangeLength}u;
    let end = min(start + ${rangeLength}u, ${K}u);
    for (var done = 0u; done < ${segments}u; done += perRound) {
      let place = done + ticket + subgroupLane / ${lanes}u;
      let unit = group % ${groups}u * ${segments}u + place;
      let firstRow = unit % ${rowBlocks}u * ${ownRows}u;
      let firstColumn = unit / ${rowBlocks}u * ${columns}u;
      ${prepare}
      ${unrolled(ownLines, (i) => {
        const [vector, column] = b.axis === "k" ? [Math.floor(i / 4), i % 4] : [i, 0];
        return `let numberB${i} = firstColumn + (own + ${vector * lanes}u) * 4u + ${column}u;
      let lineB${i} = lineB(numberB${i});`;
      })}
      ${unrolled(ownRows, (row) => unrolled(vectors, (v) => `var sum${row}_${v} = vec4f();`, " "))}
      for (var first = start; first < end; first += ${steps}u) {
        ${load}
        ${unrolled(
          steps / 4,
          (quad) => `{
          let k = first + ${quad * 4}u;
          ${multiplyFour({ rows: ownRows, vectors }, reads(quad), loadsB, "sum", "vec4f")}
        }`,
        )}
      }
      if (subgroupLane / ${lanes}u < complete && place < ${segments}u) {
        ${unrolled(ownRows / 4, (group) =>
          unrolled(vectors, (v) => {
            const sums = unrolled(4, (row) => `sum${group * 4 + row}_${v}`, ", ");
            return `store(firstRow + ${group * 4}u, firstColumn + (own + ${v * lanes}u) * 4u, range, ${sums});`;
          }),
        )}${product.moments ? unrolled(vectors, (v) => momentsOf(v)) : ""}
      }
    }`;
  const width = lanes === min && min === max ? `${lanes}` : `${lanes} lanes`;
  return workgroups(groups * ranges, body, {
    ...spec,
    variant: `subgroups, ${ownRows}x${vectors * 4} by ${width}`,
    workgroupSize: threads,
    declarations,
    extensions: ["subgroups"],
  });
}

/**
 * Code that deals a workgroup's units: `complete` segments of this subgroup draw tickets from `ticket` on, all segments of the
 * workgroup `perRound`. Subgroup functions need control flow that is uniform, so segments without a unit compute as well and
 * store nothing.
 */
function drawTickets(lanes: number): string {
  return `if (lane == 0u) { atomicStore(&tickets, 0u); }
    workgroupBarrier();
    // Active invocations usually have the numbers from 0 on. Where there are gaps no segment is sure to be complete.
    let present = subgroupAdd(1u);
    let complete = select(0u, present / ${lanes}u, subgroupMax(subgroupLane) + 1u == present);
    var ticket = 0u;
    if (subgroupLane == 0u) { ticket = atomicAdd(&tickets, complete); }
    ticket = subgroupBroadcast(ticket, 0u);
    workgroupBarrier();
    if (lane == 0u) { drawn = atomicLoad(&tickets); }
    let perRound = max(workgroupUniformLoad(&drawn), 1u);
    let base = subgroupLane / ${lanes}u * ${lanes}u;
    let own = subgroupLane % ${lanes}u;`;
}

/** Code for the rows of a that a segment shares: each invocation loads `pieces` vectors and gets the others by shuffles. */
function sharedRows(
  { a: { axis } }: MatrixProduct,
  steps: number,
  pieces: number,
  { lanes, min, max }: Size,
): { readonly prepare: string; readonly load: string; reads(quad: number): OperandLoads } {
  const quads = steps / 4;
  const groups = ownRows / 4;
  /** Vectors are dealt along what is contiguous in memory first. */
  const vector = (number: number): string => {
    const [piece, owner] = [Math.floor(number / lanes), number % lanes];
    return lanes === min && min === max
      ? `subgroupBroadcast(piece${piece}, ${owner}u)`
      : `subgroupShuffle(piece${piece}, base + ${owner}u)`;
  };
  const prepare = unrolled(pieces, (piece) => {
    const number = `(own + ${piece * lanes}u)`;
    const [line, step] =
      axis === "k"
        ? [`${number} / ${quads}u`, `${number} % ${quads}u * 4u`]
        : [`${number} % ${groups}u * 4u`, `${number} / ${groups}u`];
    return `let numberA${piece} = firstRow + ${line};
    let lineA${piece} = lineA(numberA${piece});
    let step${piece} = ${step};`;
  });
  const load = unrolled(
    pieces,
    (piece) => `let piece${piece} = readA(lineA${piece}, numberA${piece}, first + step${piece}, end);`,
  );
  const reads = (quad: number): OperandLoads =>
    axis === "k"
      ? { axis, line: (row) => vector(row * quads + quad) }
      : { axis, vector: (step, group) => vector((quad * 4 + step) * groups + group) };
  return { prepare, load, reads };
}
