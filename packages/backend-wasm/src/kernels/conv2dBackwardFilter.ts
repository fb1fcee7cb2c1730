import { attributesOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import { type OpEncoder, type Operand, type OpWriter, ScratchLayout } from "../program/opWriter.js";
import { denseFilterLaunches, suitsProducts } from "./conv2dBackwardDense.js";
import { suitsWinogradFilter, winogradFilterStages } from "./conv2dWinogradBackward.js";
import {
  densityOf,
  type FilterLaunches,
  type OutputGradient,
  outputGradientArguments,
  packFilters,
} from "./outputGradient.js";
import { bandBytes, bandColumns, type Convolution, convolutionOf, tapRuns } from "./paddedBand.js";
import { partialSums } from "./sumPartials.js";

/** Blocks of samples whose kernel gradients are summed apart: the number of tasks where that is memory enough. */
const maxSampleBlocks = 16;
/** Limit of the memory for those sums. */
const maxPartialsBytes = 8 << 20;
/**
 * Filters with a gradient at an output position from which on lists of their own pay for the input's gradient: those of the
 * kernel's gradient read and write dx for every entry. Measured for 12 x 12 x 8 to 16 with two of them 192 µs against 263,
 * 8 x 8 x 16 to 32 with four 331 against 316, 13 x 13 x 32 to 64 with eight 3,500 against 3,100.
 */
const minFilters = 4;
/** Input that is read again for each output channel: what the first-level cache holds. */
const rereadBytes = 32768;

/** The gradients that one pass over the lists may make beside that of the kernel. */
interface Companions {
  readonly biasGradient?: Operand | undefined;
  /** The gradient of the input and the kernel that it is made with: made where whole samples fit a task. */
  readonly input?: { readonly dx: Operand; readonly kernel: Operand } | undefined;
}

/** The gradients of kernel, bias and, for small images, input. */
export function filterLaunches(
  writer: OpWriter,
  shape: Convolution,
  source: OutputGradient,
  x: Operand,
  kernelGradient: Operand,
  { biasGradient, input }: Companions,
): FilterLaunches {
  if (suitsProducts(shape, source)) {
    return denseFilterLaunches(writer, shape, source, x, kernelGradient, biasGradient);
  }
  const gradient = outputGradientArguments(shape, source);
  const { F, N } = shape;
  const { run, runPadded, runs } = tapRuns(shape);
  const filterBytes = shape.KH * runs * runPadded * 4;
  const maxBlocks = Math.max(1, Math.min(maxSampleBlocks, N, Math.floor(maxPartialsBytes / (F * filterBytes))));
  const sampleBlock = Math.ceil(N / maxBlocks);
  const blocks = Math.ceil(N / sampleBlock);
  const channelBlock = Math.min(F, Math.ceil(F / Math.ceil(maxSampleBlocks / blocks) / 8) * 8);
  const channelTasks = Math.ceil(F / channelBlock);

  const imageBytes = shape.H * shape.W * shape.C * 4;
  const together = Math.max(1, Math.min(sampleBlock, Math.floor(rereadBytes / imageBytes)));
  const rowBytes = bandColumns(shape) * shape.C * 4 * shape.strideH * gradient.poolStrideH;
  const bandRows = together > 1 ? gradient.GH : Math.max(1, Math.min(gradient.GH, Math.floor(rereadBytes / rowBytes)));
  const convRows = Math.min(
    shape.OH,
    (bandRows - 1) * gradient.poolStrideH + (gradient.PH - 1) * gradient.poolDilationH + 1,
  );
  // One more than can be needed: an entry is written before it is known whether it stays.
  const capacity = together * bandRows * gradient.GW + 1;

  const few = densityOf(shape, source) * F < minFilters;
  const small = few && input && channelTasks === 1 && bandRows === gradient.GH ? input : undefined;
  const copied = Number(shape.padded === 1 || run !== runPadded);
  const filters = small ? writer.workspace(F * filterBytes) : 0;
  const scratch = new ScratchLayout();
  const offsets = {
    tableOffset: scratch.place(gradient.PH * gradient.PW * 4),
    rowOffset: scratch.place(channelBlock * 4),
    endsOffset: scratch.place(channelBlock * 4),
    listsOffset: scratch.place(channelBlock * capacity * 8),
    bandOffset: scratch.place(together * bandBytes(shape, convRows)),
    dxOffset: scratch.place(small && copied ? together * Math.max(bandBytes(shape, shape.OH), imageBytes) : 0),
  };
  writer.scratch(scratch.bytes);
  const partials = writer.workspace(blocks * F * filterBytes);
  const bias = biasGradient && partialSums(writer, blocks, F, biasGradient.address);
  const sums = { partials, kernel: kernelGradient.address, blocks, F, rows: shape.KH * runs, runPadded, run };
  return {
    before: small ? [packFilters(shape, small.kernel, filters)] : [],
    main: launch("conv2dBackwardFilter", blocks * channelTasks, {
      ...gradient,
      x: x.address,
      partials,
      biasPartials: bias?.address ?? 0,
      N,
      sampleBlock,
      channelBlock,
      channelTasks,
      together,
      bandRows,
      run,
      runPadded,
      runs,
      capacity,
      ...offsets,
      dx: small?.dx.address ?? 0,
      filters,
      copied,
    }),
    finish: [launch("sumFilterPartials", Math.ceil(F / 4), sums), ...(bias?.finish ?? [])],
    makesInput: small !== undefined,
  };
}

export const conv2dBackwardFilter: OpEncoder = (op, writer) => {
  const [x, dy] = op.inputs;
  const [dk] = op.outputs;
  const shape = convolutionOf(x!.shape, dk!.shape, dy!.shape, attributesOf("conv2dBackwardFilter", op));
  const source = { dy: dy!, activation: undefined, pooling: undefined };
  if (suitsWinogradFilter(shape, source)) {
    for (const stage of winogradFilterStages(writer, shape, source, x!, dk!, undefined)) {
      writer.stage(...stage);
    }
    return;
  }
  const { main, finish } = filterLaunches(writer, shape, source, x!, dk!, {});
  writer.stage(main);
  writer.stage(...finish);
};
