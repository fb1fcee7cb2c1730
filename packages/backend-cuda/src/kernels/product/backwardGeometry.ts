import type { OpAttributes, TensorSpec } from "@convoy/core/backend";
import type { Target } from "../opKernel.js";
import { type ConvolutionSizes, patchLength, positionsOf } from "./convolutionShape.js";
import { type TileName, tileFor, tileGrid } from "./tiles.js";

/** Everything a backward launch may work on. `T` has addresses once the op is bound. */
export interface Backward<T extends TensorSpec = TensorSpec> {
  readonly sizes: ConvolutionSizes;
  /** Gradient of what the forward op gave, behind activation and pooling. */
  readonly gradient: T;
  readonly unary?: OpAttributes["unary"] | undefined;
  /** What the forward op gave; with an activation only. */
  readonly output?: T | undefined;
  readonly argmax?: T | undefined;
  readonly input?: T | undefined;
  readonly kernel?: T | undefined;
  readonly inputGradient?: T | undefined;
  readonly kernelGradient?: T | undefined;
  readonly biasGradient?: T | undefined;
}

/** How a launch is divided into blocks. */
export interface Geometry {
  readonly sizes: ConvolutionSizes;
  readonly inputTile: TileName;
  readonly inputGrid: readonly [number, number];
  readonly kernelTile: TileName;
  readonly kernelGrid: readonly [number, number];
  /** Rows of the kernel's gradient; 0 where it is not wanted. */
  readonly kernelRows: number;
  /** Those and, with a bias, one more. */
  readonly parameterRows: number;
  readonly splits: number;
  readonly splitLength: number;
}

/** What a slice of all groups of any tile takes: splits are multiples of it. */
const splitUnit = 64;
/** Splits shorter than this cost more to add up than they save. */
const minSplitLength = 256;
const maxSplits = 128;

/** Chooses tiles and splits for a device with so many multiprocessors. */
export function geometryOf(backward: Backward, { multiprocessors }: Target): Geometry {
  const { sizes, inputGradient, kernelGradient, biasGradient } = backward;
  const inputRows = sizes.N * sizes.H * sizes.W;
  const positions = positionsOf(sizes);
  const kernelRows = kernelGradient ? patchLength(sizes) : 0;
  const parameterRows = kernelRows + (biasGradient ? 1 : 0);
  const wantsInput = inputGradient !== undefined;
  const wantsParameters = parameterRows > 0;

  const inputTile = wantsInput ? tileFor(inputRows, sizes.C, multiprocessors) : "Small";
  const [largeDown, largeAcross] = tileGrid("Large", parameterRows, sizes.F);
  const fillsLarge =
    parameterRows >= 64 && sizes.F > 32 && largeDown * largeAcross * Math.ceil(positions / 1024) >= multiprocessors;
  // Both in large tiles or both in small ones: a launch is as slow as its slower half.
  const large = wantsInput ? inputTile !== "Small" && (fillsLarge || !wantsParameters) : fillsLarge;
  const tiles = large
    ? { inputTile: inputTile === "Tall" ? ("Tall" as const) : ("Large" as const), kernelTile: "Large" as const }
    : { inputTile: "Small" as const, kernelTile: "Small" as const };

  const inputGrid = wantsInput ? tileGrid(tiles.inputTile, inputRows, sizes.C) : ([0, 0] as const);
  const kernelGrid = wantsParameters ? tileGrid(tiles.kernelTile, parameterRows, sizes.F) : ([0, 0] as const);
  const kernelTiles = kernelGrid[0] * kernelGrid[1];
  const wanted = Math.ceil((2 * multiprocessors) / Math.max(1, kernelTiles));
  const maxWorthwhile = Math.min(maxSplits, Math.ceil(positions / minSplitLength));
  const perSplit = Math.ceil(positions / Math.max(1, Math.min(wanted, maxWorthwhile)));
  const splitLength = Math.ceil(perSplit / splitUnit) * splitUnit;
  const splits = wantsParameters ? Math.ceil(positions / splitLength) : 1;
  return { sizes, ...tiles, inputGrid, kernelGrid, kernelRows, parameterRows, splits, splitLength };
}
