import type { StructValues } from "../arguments/pack.js";
import { channelTiles } from "../channels.js";
import type { LaunchContext, Target } from "../opKernel.js";
import { type ConvolutionSizes, positionsOf } from "./convolutionShape.js";
import { tileFor, tileGrid, tileSizes } from "./tiles.js";

/** Parts that every block of the next launch adds up: more would cost it more than they save this one. */
const maxParts = 64;

/** How the moments of a convolution's channels are divided. */
interface Division {
  readonly tileRows: number;
  readonly tileColumns: number;
  /** Row tiles, each with moments of its own. */
  readonly tiles: number;
  readonly columnTiles: number;
  /** Row tiles that the last of them adds up. */
  readonly tilesPerPart: number;
  readonly parts: number;
}

function divisionOf(sizes: ConvolutionSizes, { multiprocessors }: Target): Division {
  const rows = positionsOf(sizes);
  const tile = tileFor(rows, sizes.F, multiprocessors);
  const [tileRows, tileColumns] = tileSizes[tile];
  const [tiles, columnTiles] = tileGrid(tile, rows, sizes.F);
  const tilesPerPart = Math.ceil(tiles / maxParts);
  return { tileRows, tileColumns, tiles, columnTiles, tilesPerPart, parts: Math.ceil(tiles / tilesPerPart) };
}

/** Memory for them. */
export function tileMomentsBytes(sizes: ConvolutionSizes, target: Target): number {
  const { tiles, tilesPerPart, parts } = divisionOf(sizes, target);
  return (tiles + (tilesPerPart > 1 ? parts : 0)) * 2 * sizes.F * 4;
}

/** Where a convolution writes the moments of its channels, in this memory, and how they are read. */
export function tileMoments(
  sizes: ConvolutionSizes,
  memory: number,
  context: LaunchContext,
): { readonly written: StructValues<"TileMoments">; readonly read: StructValues<"ChannelParts"> } {
  const { tileRows, tileColumns, tiles, columnTiles, tilesPerPart, parts } = divisionOf(sizes, context);
  const several = tilesPerPart > 1;
  const ofParts = memory + tiles * 2 * sizes.F * 4;
  const written = {
    ofTiles: memory,
    ofParts: several ? ofParts : undefined,
    counters: several ? context.scratch(parts * columnTiles * 4) : undefined,
    tile: channelTiles(sizes.F, tileColumns).tile,
    tilesPerPart,
  };
  const read = { parts: several ? ofParts : memory, count: parts, rowsPerPart: tilesPerPart * tileRows };
  return { written, read };
}
