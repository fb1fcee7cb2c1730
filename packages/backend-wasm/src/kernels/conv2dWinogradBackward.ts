import { type Launch, launch } from "../program/launch.js";
import { type Operand, type OpWriter, ScratchLayout } from "../program/opWriter.js";
import { halfBytes, productLaunch, tilesOf, unmasked } from "./conv2dWinograd.js";
import { densityOf, type OutputGradient } from "./outputGradient.js";
import type { Convolution } from "./paddedBand.js";
import { partialSums } from "./sumPartials.js";
import { unaryArguments } from "./unary.js";
import { cheapestTiling, isPlain3x3, listsCost, minChannels } from "./winogradTiles.js";

/** Tiles whose products are made together: the inner dimension of the matrix products. */
const chunkTiles = 192;
/** Tiles of a task that transforms them. */
const taskTiles = 16;
/** Tasks of one matrix of products, at most: there are 16 or 36 matrices. */
const panelTasks = 2;

/** The gradients of a convolution as stages, which may run beside those of another. */
type Stages = readonly (readonly Launch[])[];

/** Whether tiles can read the gradient: what lies under a pooling is not spread out. */
function isTiled(shape: Convolution, { pooling }: OutputGradient): boolean {
  return isPlain3x3(shape) && pooling === undefined;
}

/** Whether the gradient of the input can be made by Winograd's tiles and is faster so than through lists. */
export function suitsWinogradInput(shape: Convolution, source: OutputGradient): boolean {
  const { N, H, W, C, F } = shape;
  const possible = isTiled(shape, source) && F >= minChannels && F % 4 === 0 && C % 8 === 0;
  return possible && cheapestTiling(N, H, W, F, C).cost < listsCost(shape, densityOf(shape, source));
}

/** Whether that of the kernel can be and is. */
export function suitsWinogradFilter(shape: Convolution, source: OutputGradient): boolean {
  const { N, OH, OW, C, F } = shape;
  const possible = isTiled(shape, source) && C % 4 === 0 && F % 8 === 0;
  return possible && cheapestTiling(N, OH, OW, C, F).cost < listsCost(shape, densityOf(shape, source));
}

/** Where a gradient is read, and what of it counts. */
function masked({ dy, activation }: OutputGradient): ReturnType<typeof unmasked> {
  const { unary, alpha } = unaryArguments(activation);
  return activation
    ? { x: dy.address, masks: activation.inputs[1]!.address, maskUnary: unary, maskAlpha: alpha }
    : unmasked(dy.address);
}

/** The gradient of the input: a convolution of that of the output with the kernel turned by half a turn. */
export function winogradInputStages(
  writer: OpWriter,
  shape: Convolution,
  source: OutputGradient,
  kernel: Operand,
  dx: Operand,
): Stages {
  const { N, H, W, OH, OW } = shape;
  const [C, F] = [shape.F, shape.C];
  const transposed = { ...shape, H: OH, W: OW, OH: H, OW: W, C, F, top: 2 - shape.top, left: 2 - shape.left };
  const results = { kernel: 0, bias: 0, y: dx.address, argmax: 0, addend: 0, pooledRows: 0, pooledColumns: 0 };
  const launches = cheapestTiling(N, H, W, C, F).kinds.map((kind) => {
    const tile = { ...tilesOf(kind), ...masked(source) };
    const { tileH, tileW } = tile;
    const filters = writer.workspace(F * tileH * tileW * C * 4);
    return {
      transform: launch("conv2dWinogradTurnedFilters", F / 8, { kernel: kernel.address, filters, C, F, tileH, tileW }),
      product: productLaunch(writer, transposed, tile, { ...results, filters, ...unaryArguments(undefined) }),
    };
  });
  // The taps of a kernel turned round lie behind a tile half transformed.
  writer.scratch(halfBytes + 576);
  return [launches.map(({ transform }) => transform), launches.map(({ product }) => product)];
}

/** The gradients of the kernel and, where wanted, the bias. */
export function winogradFilterStages(
  writer: OpWriter,
  shape: Convolution,
  source: OutputGradient,
  x: Operand,
  kernelGradient: Operand,
  biasGradient: Operand | undefined,
): Stages {
  const { N, C, F, OH, OW } = shape;
  const kinds = cheapestTiling(N, OH, OW, C, F).kinds.map((kind) => {
    const tile = tilesOf(kind);
    const tiles = N * tile.gridRows * tile.gridColumns;
    const chunks = Math.ceil(tiles / chunkTiles);
    return { tile, tiles, chunk: Math.ceil(tiles / chunks), cells: tile.tileH * tile.tileW };
  });
  const room = Math.max(...kinds.map(({ cells, chunk }) => cells * ((C / 4) * groupStride(chunk) + 64)));
  const gradientRoom = Math.max(...kinds.map(({ cells, chunk }) => cells * ((F / 8) * panelStride(chunk) + 64)));
  const places = {
    inputs: writer.workspace(room),
    gradients: writer.workspace(gradientRoom),
    products: writer.workspace(Math.max(...kinds.map(({ cells }) => cells)) * C * F * 4),
  };
  const biasTasks = kinds.reduce((sum, { tiles, chunk }) => sum + transformTasks(tiles, chunk), 0);
  const bias = biasGradient && partialSums(writer, biasTasks, F, biasGradient.address);
  const scratch = new ScratchLayout();
  scratch.place(halfBytes);
  scratch.place(Math.max(36 * C, 16 * F) * 4);
  writer.scratch(scratch.bytes);

  const stages: Launch[][] = [];
  let biasPartials = bias?.address ?? 0;
  kinds.forEach(({ tile, tiles, chunk, cells }, kind) => {
    const { tileH, tileW } = tile;
    const strides = { groupStride: groupStride(chunk), panelStride: panelStride(chunk) };
    const inputStride = (C / 4) * strides.groupStride + 64;
    const gradientStride = (F / 8) * strides.panelStride + 64;
    for (let firstTile = 0; firstTile < tiles; firstTile += chunk) {
      const count = Math.min(chunk, tiles - firstTile);
      const tasks = Math.ceil(count / taskTiles);
      const part = { firstTile, tiles: count, block: taskTiles };
      const panels = F / 8;
      const panelBlock = Math.ceil(panels / panelTasks);
      const tasksOfMatrix = Math.ceil(panels / panelBlock);
      stages.push(
        [
          launch("winogradInputs", tasks, {
            ...shape,
            ...tile,
            ...unmasked(x.address),
            ...part,
            to: places.inputs,
            groupStride: strides.groupStride,
            cellStride: inputStride,
          }),
          launch("winogradGradients", tasks, {
            ...gradientShape(shape),
            ...tile,
            ...masked(source),
            ...part,
            to: places.gradients,
            biasPartials,
            panelStride: strides.panelStride,
            cellStride: gradientStride,
          }),
        ],
        [
          launch("winogradProducts", cells * tasksOfMatrix, {
            ...places,
            ...strides,
            first: Number(firstTile === 0),
            C,
            F,
            tiles: count,
            inputStride,
            gradientStride,
            panelBlock,
            panelTasks: tasksOfMatrix,
          }),
        ],
      );
      biasPartials += biasPartials === 0 ? 0 : tasks * F * 4;
    }
    const { products } = places;
    const kernel = kernelGradient.address;
    stages.push([launch("winogradKernel", F / 8, { products, kernel, first: Number(kind === 0), C, F, tileH, tileW })]);
  });
  stages.at(-1)!.push(...(bias?.finish ?? []));
  return stages;
}

/** The output's gradient as an image that tiles are read of. */
function gradientShape(shape: Convolution): Convolution {
  return { ...shape, H: shape.OH, W: shape.OW, C: shape.F, top: 0, left: 0 };
}

/** A line more than the tiles take, so that groups do not all fall on the same sets of the cache. */
function groupStride(chunk: number): number {
  return chunk * 16 + 64;
}

function panelStride(chunk: number): number {
  return chunk * 32 + 64;
}

/** Tasks that transform the tiles of one kind. */
function transformTasks(tiles: number, chunk: number): number {
  const whole = Math.floor(tiles / chunk);
  return whole * Math.ceil(chunk / taskTiles) + Math.ceil((tiles - whole * chunk) / taskTiles);
}
