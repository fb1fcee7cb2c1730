import { attributesOf } from "@convoy/core/backend";
import { type Launch, launch, rowBlocks } from "../program/launch.js";
import { type Operand, type OpWriter, ScratchLayout } from "../program/opWriter.js";
import { noEpilogue, productLaunches } from "./matMul.js";
import { type FilterLaunches, type OutputGradient, outputGradientArguments } from "./outputGradient.js";
import { bandBytes, type Convolution, isPointwise, tapRuns } from "./paddedBand.js";
import { partialSums } from "./sumPartials.js";

/** Pixels that a register tile runs over, about: enough for its start not to count. */
const stripPixels = 128;
/** Blocks of rows whose sums are made apart, tasks in all, and the limit of the memory for the sums. */
const maxRowBlocks = 16;
const minTasks = 16;
const maxPartialsBytes = 8 << 20;
/** Pixels that a block has at least. */
const minBlockPixels = 64;
/** Numbers of g in a task of the input's gradient: 32 KB. */
const taskNumbers = 8192;

/**
 * Whether the gradients are matrix products: where most numbers of the output's gradient are not 0, and for 1 x 1 kernels
 * wherever no pooling leaves but a few.
 */
export function suitsProducts(shape: Convolution, { activation, pooling }: OutputGradient): boolean {
  if (pooling) {
    return false;
  }
  const name = activation && attributesOf("unaryBackward", activation).function;
  return isPointwise(shape) || !(name === "relu" || name === "relu6");
}

/** The gradients of kernel and bias as a product. */
export function denseFilterLaunches(
  writer: OpWriter,
  original: Convolution,
  source: OutputGradient,
  x: Operand,
  kernelGradient: Operand,
  biasGradient: Operand | undefined,
): FilterLaunches {
  const shape = isPointwise(original) ? pixelRows(original) : original;
  const { run, runs } = tapRuns(shape);
  const { N, F, C, KH, KW, OH, OW } = shape;
  const taps = KH * KW * C;
  const rows = N * OH;
  const maxBlocks = Math.min(
    maxRowBlocks,
    Math.floor(maxPartialsBytes / (taps * F * 4)),
    Math.floor((rows * OW) / minBlockPixels),
    rows,
  );
  const rowBlock = Math.ceil(rows / Math.max(1, maxBlocks));
  const blocks = Math.ceil(rows / rowBlock);
  const strips = KH * runs * Math.ceil(run / 4);
  const stripBlock = Math.ceil(strips / Math.min(strips, Math.ceil(minTasks / blocks)));
  const stripTasks = Math.ceil(strips / stripBlock);
  const bandRows = Math.max(1, Math.min(rowBlock, OH, Math.round(stripPixels / OW)));
  const pixels = bandRows * OW;
  const scratch = new ScratchLayout();
  const offsets = {
    tableOffset: scratch.place(pixels * 4),
    stripOffset: scratch.place(pixels * 16),
    gradientOffset: scratch.place(source.activation ? pixels * F * 4 : 0),
    bandOffset: scratch.place(bandBytes(shape, bandRows)),
    panelsOffset: scratch.place(Math.ceil(F / 8) * pixels * 32),
  };
  writer.scratch(scratch.bytes);
  const partials = partialSums(writer, blocks, taps * F, kernelGradient.address);
  const bias = biasGradient && partialSums(writer, blocks, F, biasGradient.address);
  return {
    before: [],
    main: launch("conv2dBackwardFilterDense", blocks * stripTasks, {
      ...outputGradientArguments(shape, source),
      x: x.address,
      partials: partials.address,
      biasPartials: bias?.address ?? 0,
      N,
      rowBlock,
      stripBlock,
      stripTasks,
      bandRows,
      pixels,
      run,
      runs,
      ...offsets,
    }),
    finish: [...partials.finish, ...(bias?.finish ?? [])],
    makesInput: false,
  };
}

/** The pixels of all images as rows of one pixel. */
function pixelRows(shape: Convolution): Convolution {
  const pixels = shape.N * shape.H * shape.W;
  return { ...shape, N: 1, H: pixels, W: 1, OH: pixels, OW: 1 };
}

/** The gradient of the input of a 1 x 1 convolution as a product. */
export function pointwiseInputLaunches(
  writer: OpWriter,
  shape: Convolution,
  source: OutputGradient,
  kernel: Operand,
  dx: Operand,
): { before: readonly Launch[]; main: Launch } {
  const { F, C } = shape;
  const pixels = shape.N * shape.H * shape.W;
  if (!source.activation) {
    const product = { M: pixels, N: C, K: F, transposeA: false, transposeB: true };
    return productLaunches(product, { a: source.dy.address, b: kernel.address, c: dx.address }, noEpilogue, writer);
  }
  const panelCount = Math.ceil(C / 8);
  const panels = writer.workspace(panelCount * F * 32);
  const packing = rowBlocks(panelCount, 8 * F, 8192);
  const block = Math.max(8, 8 * Math.round(taskNumbers / F / 8));
  const scratch = new ScratchLayout();
  const offsets = {
    gradientOffset: scratch.place(block * F * 4),
    tileOffset: scratch.place(C % 8 > 0 ? block * 32 : 0),
  };
  writer.scratch(scratch.bytes);
  return {
    before: [
      launch("packPanels", packing.tasks, {
        b: kernel.address,
        panels,
        K: F,
        N: C,
        transposed: 1,
        block: packing.block,
      }),
    ],
    main: launch("conv2dBackwardInputPointwise", Math.ceil(pixels / block), {
      ...outputGradientArguments(shape, source),
      panels,
      dx: dx.address,
      pixels,
      block,
      ...offsets,
    }),
  };
}
