import { type OpCall, type OpWriter, sizes4 } from "../program/opWriter.js";
import { type Phase, phase } from "../program/phase.js";
import { type ConvShape, ScratchPlan } from "./convShape.js";
import { poolAttributes, tilesExactly } from "./pool.js";
import { functionOf } from "./unary.js";

/** Scratch memory that a block of tiles may take: it should stay in the second-level cache. */
const blockBytes = 163840;
/** Below this many channels the transforms cost more than the products save. */
const fewestChannels = 12;
/** Below this many tiles of a kind the transform of the kernel for it does. */
const fewestTiles = 16;
/** What `assembly/convWinograd.ts` keeps at the start of scratch memory: a tile half transformed, and its outputs. */
const halfBytes = 576 + 256;

/** Consecutive tiles of one size along an axis. */
interface Span {
  readonly first: number;
  readonly count: number;
  /** Inputs of a tile: two more than its outputs. */
  readonly size: 4 | 6;
}

/** An axis as tiles of four outputs and, where one or two are left over and `mixed`, a tile of two. */
function spansOf(outputs: number, mixed: boolean): Span[] {
  const left = outputs % 4;
  const pair = mixed && (left === 1 || left === 2);
  const fours = pair ? Math.floor(outputs / 4) : Math.ceil(outputs / 4);
  return [
    { first: 0, count: fours, size: 6 } as const,
    { first: fours * 4, count: pair ? 1 : 0, size: 4 } as const,
  ].filter(({ count }) => count > 0);
}

/** Outputs that are needed: all, or those under the windows of the pooling. */
function neededOutputs(shape: ConvShape, pool: OpCall | undefined): [number, number] {
  if (!pool) {
    return [shape.OH, shape.OW];
  }
  const [, rows, columns] = sizes4(pool.outputs[0]!.shape);
  return [2 * rows, 2 * columns];
}

/** Whether the kernel in `assembly/convWinograd.ts` can and should do this convolution. */
export function suitsWinograd(shape: ConvShape, samples: number, pool: OpCall | undefined): boolean {
  const plain =
    shape.KH === 3 &&
    shape.KW === 3 &&
    shape.strideH === 1 &&
    shape.strideW === 1 &&
    shape.dilationH === 1 &&
    shape.dilationW === 1;
  const whole = shape.C % 4 === 0 && shape.F % 8 === 0 && shape.C >= fewestChannels;
  const poolable =
    !pool || (tilesExactly(pool) && poolAttributes(pool.attributes).poolSize.every((size) => size === 2));
  const [rows, columns] = neededOutputs(shape, pool);
  return plain && whole && poolable && samples * Math.ceil(rows / 4) * Math.ceil(columns / 4) >= fewestTiles;
}

/** The convolution with what follows it: bias, 2 x 2 pooling, function. Each kind of tile is a phase of its own. */
export function writeWinograd(
  writer: OpWriter,
  shape: ConvShape,
  conv: OpCall,
  followers: readonly OpCall[],
  y: number,
): void {
  const samples = conv.inputs[0]!.shape[0]!;
  const pool = followers.find(({ op }) => op === "maxPool2d");
  const [rows, columns] = neededOutputs(shape, pool);
  // One tile of two a sample must be enough of them.
  const mixed = samples >= fewestTiles;
  const transforms: Phase[] = [];
  const products: Phase[] = [];
  for (const vertical of spansOf(rows, mixed)) {
    for (const horizontal of spansOf(columns, mixed)) {
      const made = tilePhases(writer, shape, conv, followers, y, vertical, horizontal);
      transforms.push(made.transform);
      products.push(made.product);
    }
  }
  writer.stage(...transforms);
  writer.stage(...products);
}

function tilePhases(
  writer: OpWriter,
  shape: ConvShape,
  conv: OpCall,
  followers: readonly OpCall[],
  y: number,
  vertical: Span,
  horizontal: Span,
): { transform: Phase; product: Phase } {
  const [input, kernel] = conv.inputs;
  const { C, F } = shape;
  const bias = followers.find(({ op }) => op === "biasAdd");
  const pool = followers.find(({ op }) => op === "maxPool2d");
  const [, pooledRows, pooledColumns] = pool ? sizes4(pool.outputs[0]!.shape) : [0, 0, 0];
  const cells = vertical.size * horizontal.size;
  const filters = writer.workspace(F * cells * C * 4);
  const tiles = input!.shape[0]! * vertical.count * horizontal.count;
  const block = 6 * Math.max(1, Math.min(16, Math.round(blockBytes / (6 * 4 * cells * (C + 8)))));
  // A line more from matrix to matrix, so that they do not all fall on the same sets of the cache.
  const inputStride = block * C * 4 + 64;
  const productStride = block * 32 + 64;
  const scratch = new ScratchPlan();
  scratch.place(halfBytes);
  const inputOffset = scratch.place(cells * inputStride);
  // A tile at the edge is laid out where the products go later.
  const productOffset = scratch.place(cells * Math.max(productStride, C * 4));
  writer.scratch(scratch.bytes);
  const tile = { tileH: vertical.size, tileW: horizontal.size };
  return {
    transform: phase("winogradFilters", F / 8, { kernel: kernel!.address, filters, C, F, ...tile }),
    product: phase("winograd", Math.ceil(tiles / block), {
      ...shape,
      ...tile,
      x: input!.address,
      filters,
      bias: bias?.inputs[1]?.address ?? 0,
      y,
      argmax: pool?.outputs[1]?.address ?? 0,
      firstRow: vertical.first,
      firstColumn: horizontal.first,
      gridRows: vertical.count,
      gridColumns: horizontal.count,
      tiles,
      block,
      ...functionOf(followers.find(({ op }) => op === "unary")),
      pooledRows,
      pooledColumns,
      inputOffset,
      productOffset,
      inputStride,
      productStride,
    }),
  };
}
