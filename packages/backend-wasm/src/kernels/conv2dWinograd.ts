import { attributesOf, type ChainParts, isPooling2x2 } from "@convoy/core/backend";
import type { KernelArguments, SharedArguments } from "../program/kernelLayout.js";
import { type Launch, launch } from "../program/launch.js";
import { type OpWriter, ScratchLayout, type WasmOp } from "../program/opWriter.js";
import type { Additions } from "./convolutionAdditions.js";
import type { Convolution } from "./paddedBand.js";
import { unaryArguments } from "./unary.js";
import { cheapestTiling, directCost, isPlain3x3, minChannels, type TileKind } from "./winogradTiles.js";

/** Scratch memory that a block of tiles may take: it should stay in the second-level cache. */
const blockBytes = 163840;
/** What the kernels keep at the start of scratch memory: a tile half transformed, and the factors of the transforms. */
export const halfBytes = 704;
/** Outputs of a tile, behind that. */
const outputBytes = 256;

/** Outputs that are needed: all, or those under the windows of the pooling. */
function neededOutputs(shape: Convolution, pooling: WasmOp | undefined): [number, number] {
  if (!pooling) {
    return [shape.OH, shape.OW];
  }
  const [, rows, columns] = pooling.outputs[0]!.shape as [number, number, number];
  return [2 * rows, 2 * columns];
}

/** Whether the kernel in `assembly/conv2dWinograd.ts` can do this convolution and is the faster one. */
export function suitsWinograd(shape: Convolution, pooling: WasmOp | undefined): boolean {
  const { N, C, F } = shape;
  const poolable = !pooling || isPooling2x2(attributesOf("maxPool2d", pooling));
  if (!isPlain3x3(shape) || C < minChannels || C % 4 !== 0 || F % 8 !== 0 || !poolable) {
    return false;
  }
  const [rows, columns] = neededOutputs(shape, pooling);
  return cheapestTiling(N, rows, columns, C, F).cost < directCost(shape, rows * columns);
}

/** The convolution with what follows it: additions, 2 x 2 pooling, function. Each kind of tile is a launch of its own. */
export function writeWinograd(
  writer: OpWriter,
  shape: Convolution,
  chain: ChainParts<WasmOp>,
  additions: Additions,
): void {
  const [rows, columns] = neededOutputs(shape, chain.pooling);
  const transforms: Launch[] = additions.folded ? [additions.folded.launch] : [];
  const products: Launch[] = [];
  for (const kind of cheapestTiling(shape.N, rows, columns, shape.C, shape.F).kinds) {
    const made = tileLaunches(writer, shape, chain, additions, kind);
    transforms.push(made.transform);
    products.push(made.product);
  }
  writer.stage(...transforms);
  writer.stage(...products);
}

function tileLaunches(
  writer: OpWriter,
  shape: Convolution,
  { head, pooling, activation, last }: ChainParts<WasmOp>,
  { bias, addend, folded }: Additions,
  kind: TileKind,
): { transform: Launch; product: Launch } {
  const [x, kernel] = head.inputs;
  const { C, F } = shape;
  const [, pooledRows, pooledColumns] = pooling ? (pooling.outputs[0]!.shape as [number, number, number]) : [0, 0, 0];
  const tile = tilesOf(kind);
  const { tileH, tileW } = tile;
  const filters = writer.workspace(F * tileH * tileW * C * 4);
  const transform = { kernel: kernel!.address, filters, C, F, tileH, tileW };
  return {
    transform: folded
      ? launch("conv2dWinogradNormalizedFilters", F / 8, { ...transform, ...folded.factors })
      : launch("conv2dWinogradFilters", F / 8, transform),
    product: productLaunch(
      writer,
      shape,
      { ...tile, ...unmasked(x!.address) },
      {
        filters,
        kernel: folded ? 0 : kernel!.address,
        bias,
        y: last.outputs[0]!.address,
        argmax: pooling?.outputs[1]?.address ?? 0,
        addend,
        ...unaryArguments(activation),
        pooledRows,
        pooledColumns,
      },
    ),
  };
}

/** Tiles of one kind. */
export type TileArguments = Omit<SharedArguments<"winogradTiles">, keyof Convolution>;

/** What tiles hold that are read as they are. */
export function unmasked(x: number): Pick<TileArguments, "x" | "masks" | "maskUnary" | "maskAlpha"> {
  return { x, masks: 0, maskUnary: 0, maskAlpha: 0 };
}

/** Size and places of tiles of one kind. */
export function tilesOf({ vertical, horizontal }: TileKind): Omit<TileArguments, keyof ReturnType<typeof unmasked>> {
  return {
    tileH: vertical.size,
    tileW: horizontal.size,
    firstRow: vertical.first,
    firstColumn: horizontal.first,
    gridRows: vertical.count,
    gridColumns: horizontal.count,
  };
}

/** How the tiles of a launch are cut into tasks, and where they lie in scratch memory. */
type Blocks = "tiles" | "block" | "inputOffset" | "productOffset" | "inputStride" | "productStride";

/** What the products of tiles become. */
type Results = Omit<KernelArguments<"conv2dWinograd">, keyof Convolution | keyof TileArguments | Blocks>;

/** The products of one kind of tile with transformed filters. */
export function productLaunch(writer: OpWriter, shape: Convolution, tile: TileArguments, results: Results): Launch {
  const { args, tasks } = blocksOf(writer, shape, tile);
  return launch("conv2dWinograd", tasks, { ...shape, ...tile, ...results, ...args });
}

/** How tiles are cut into tasks, and the scratch memory of one. */
function blocksOf(
  writer: OpWriter,
  { N, C }: Convolution,
  tile: TileArguments,
): { args: Pick<KernelArguments<"conv2dWinograd">, Blocks>; tasks: number } {
  const cells = tile.tileH * tile.tileW;
  const tiles = N * tile.gridRows * tile.gridColumns;
  const block = 6 * Math.max(1, Math.min(16, Math.round(blockBytes / (6 * 4 * cells * (C + 8)))));
  // A line more from matrix to matrix, so that they do not all fall on the same sets of the cache.
  const inputStride = block * C * 4 + 64;
  const productStride = block * 32 + 64;
  const scratch = new ScratchLayout();
  scratch.place(halfBytes + outputBytes);
  const inputOffset = scratch.place(cells * inputStride);
  // The patch of a tile at the edge is copied to where the products go later.
  const productOffset = scratch.place(cells * Math.max(productStride, C * 4));
  writer.scratch(scratch.bytes);
  const args = { tiles, block, inputOffset, productOffset, inputStride, productStride };
  return { args, tasks: Math.ceil(tiles / block) };
}
