import { attributesOf, type ChainParts, isPooling2x2 } from "@convoy/core/backend";
import { type Launch, launch } from "../program/launch.js";
import { type OpWriter, ScratchLayout, type WasmOp } from "../program/opWriter.js";
import type { Additions } from "./convolutionAdditions.js";
import type { Convolution } from "./paddedBand.js";
import { unaryArguments } from "./unary.js";

/** Scratch memory that a block of tiles may take: it should stay in the second-level cache. */
const blockBytes = 163840;
/** Below this many channels the transforms cost more than the products save. */
const minChannels = 12;
/** Below this many tiles of a kind the transform of the kernel for it does. */
const minTiles = 16;
/** What `assembly/conv2dWinograd.ts` keeps at the start of scratch memory: a tile half transformed, and its outputs. */
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
function neededOutputs(shape: Convolution, pooling: WasmOp | undefined): [number, number] {
  if (!pooling) {
    return [shape.OH, shape.OW];
  }
  const [, rows, columns] = pooling.outputs[0]!.shape as [number, number, number];
  return [2 * rows, 2 * columns];
}

/** Whether the kernel in `assembly/conv2dWinograd.ts` can and should do this convolution. */
export function suitsWinograd(shape: Convolution, pooling: WasmOp | undefined): boolean {
  const plain =
    shape.KH === 3 &&
    shape.KW === 3 &&
    shape.strideH === 1 &&
    shape.strideW === 1 &&
    shape.dilationH === 1 &&
    shape.dilationW === 1;
  const whole = shape.C % 4 === 0 && shape.F % 8 === 0 && shape.C >= minChannels;
  const poolable = !pooling || isPooling2x2(attributesOf("maxPool2d", pooling));
  const [rows, columns] = neededOutputs(shape, pooling);
  return plain && whole && poolable && shape.N * Math.ceil(rows / 4) * Math.ceil(columns / 4) >= minTiles;
}

/** The convolution with what follows it: additions, 2 x 2 pooling, function. Each kind of tile is a launch of its own. */
export function writeWinograd(
  writer: OpWriter,
  shape: Convolution,
  chain: ChainParts<WasmOp>,
  additions: Additions,
): void {
  const [rows, columns] = neededOutputs(shape, chain.pooling);
  // One tile of two a sample must be enough of them.
  const mixed = shape.N >= minTiles;
  const transforms: Launch[] = additions.folded ? [additions.folded.launch] : [];
  const products: Launch[] = [];
  for (const vertical of spansOf(rows, mixed)) {
    for (const horizontal of spansOf(columns, mixed)) {
      const made = tileLaunches(writer, shape, chain, additions, vertical, horizontal);
      transforms.push(made.transform);
      products.push(made.product);
    }
  }
  writer.stage(...transforms);
  writer.stage(...products);
}

function tileLaunches(
  writer: OpWriter,
  shape: Convolution,
  { head, pooling, activation, last }: ChainParts<WasmOp>,
  { bias, addend, folded }: Additions,
  vertical: Span,
  horizontal: Span,
): { transform: Launch; product: Launch } {
  const [x, kernel] = head.inputs;
  const { C, F } = shape;
  const [, pooledRows, pooledColumns] = pooling ? (pooling.outputs[0]!.shape as [number, number, number]) : [0, 0, 0];
  const cells = vertical.size * horizontal.size;
  const filters = writer.workspace(F * cells * C * 4);
  const tiles = shape.N * vertical.count * horizontal.count;
  const block = 6 * Math.max(1, Math.min(16, Math.round(blockBytes / (6 * 4 * cells * (C + 8)))));
  // A line more from matrix to matrix, so that they do not all fall on the same sets of the cache.
  const inputStride = block * C * 4 + 64;
  const productStride = block * 32 + 64;
  const scratch = new ScratchLayout();
  scratch.place(halfBytes);
  const inputOffset = scratch.place(cells * inputStride);
  // The patch of a tile at the edge is copied to where the products go later.
  const productOffset = scratch.place(cells * Math.max(productStride, C * 4));
  writer.scratch(scratch.bytes);
  const tile = { tileH: vertical.size, tileW: horizontal.size };
  const transform = { kernel: kernel!.address, filters, C, F, ...tile };
  return {
    transform: folded
      ? launch("conv2dWinogradNormalizedFilters", F / 8, { ...transform, ...folded.factors })
      : launch("conv2dWinogradFilters", F / 8, transform),
    product: launch("conv2dWinograd", Math.ceil(tiles / block), {
      ...shape,
      ...tile,
      x: x!.address,
      filters,
      bias,
      y: last.outputs[0]!.address,
      argmax: pooling?.outputs[1]?.address ?? 0,
      addend,
      firstRow: vertical.first,
      firstColumn: horizontal.first,
      gridRows: vertical.count,
      gridColumns: horizontal.count,
      tiles,
      block,
      ...unaryArguments(activation),
      pooledRows,
      pooledColumns,
      inputOffset,
      productOffset,
      inputStride,
      productStride,
    }),
  };
}
