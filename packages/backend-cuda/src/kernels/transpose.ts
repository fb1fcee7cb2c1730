import { attributesOf, type Shape, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

/** Rows and columns of a tile in kernels/transpose.cu. */
const tileSide = 32;
/** Below this length of an axis most lanes of a tile would have nothing to do. */
const minTiledLength = 8;

export const transpose: OpKernel = {
  launches(op, { multiprocessors }) {
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const axes = joinedAxes(x.shape, attributesOf("transpose", op).permutation);
    const tiles = tilesOf(axes);
    if (tiles) {
      const grid = [Math.min(tiles.tiles, multiprocessors * 8), 1] as const;
      return [launch("transposeTiles", grid, { x, y, shape: tiles })];
    }
    const count = sizeOf(y.shape);
    const shape = {
      by: axes.slice(1).map(({ size }) => divisorOf(size)),
      strides: axes.map(({ from }) => from),
    };
    return [launch("transpose", [sharedBlocksFor(count, multiprocessors), 1], { x, y, shape, count })];
  },
};

/** An axis of the output. */
interface Axis {
  readonly size: number;
  /** How far apart its neighbours are in the input, and in the output. */
  readonly from: number;
  readonly to: number;
}

/** The output's axes, four of them: without those of length 1, and with neighbours that stay neighbours as one. */
function joinedAxes(shape: Shape, permutation: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  permutation.forEach((source, axis) => {
    const size = shape[source]!;
    const from = sizeOf(shape.slice(source + 1));
    const to = sizeOf(permutation.slice(axis + 1).map((other) => shape[other]!));
    const outer = axes.at(-1);
    if (outer && outer.from === from * size) {
      axes[axes.length - 1] = { size: outer.size * size, from, to };
    } else if (size > 1) {
      axes.push({ size, from, to });
    }
  });
  return [...Array.from({ length: 4 - axes.length }, () => ({ size: 1, from: 0, to: 0 })), ...axes];
}

/** As tiles; undefined where the last axis stays the last or is short. */
function tilesOf(axes: readonly Axis[]): StructValues<"TransposeTiles"> | undefined {
  const columns = axes.at(-1)!;
  const rows = axes.slice(0, -1).find(({ from }) => from === 1);
  if (rows === undefined || Math.min(rows.size, columns.size) < minTiledLength) {
    return undefined;
  }
  const [outer, inner] = axes.filter((axis) => axis !== rows && axis !== columns) as [Axis, Axis];
  const [down, across] = [rows, columns].map(({ size }) => Math.ceil(size / tileSide)) as [number, number];
  return {
    rows: rows.size,
    columns: columns.size,
    xColumn: columns.from,
    yRow: rows.to,
    xOuter: outer.from,
    yOuter: outer.to,
    xInner: inner.from,
    yInner: inner.to,
    byTilesAcross: divisorOf(across),
    byTilesDown: divisorOf(down),
    byInner: divisorOf(inner.size),
    tiles: down * across * outer.size * inner.size,
  };
}
