import { attributesOf, chainParts, convolutionGeometry } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import { type OpEncoder, type OpWriter, ScratchLayout } from "../program/opWriter.js";
import { foldedKernel, foldNormalization } from "./foldNormalization.js";
import { partialSums } from "./sumPartials.js";
import { unaryArguments } from "./unary.js";

/** Output channels of one task: with four bytes each a cache line of every pixel. */
const taskChannels = 16;
/** Bytes of a band: what the first-level cache holds beside the outputs. */
const bandTargetBytes = 24576;
/** Tasks that a gradient of the kernel is cut into at most, for its partial sums to stay few. */
const maxFilterTasks = 64;

type Geometry = ReturnType<typeof convolutionGeometry>;

/** How channels are cut into blocks, in output channels: a block has whole input channels. */
function channelBlocks({ C, F: M }: Geometry): { channelBlock: number; channelTasks: number } {
  const block = Math.max(1, Math.floor(taskChannels / M));
  return { channelBlock: Math.min(block, C) * M, channelTasks: Math.ceil(C / block) };
}

/** Numbers of a pixel in a band. */
function lanesOf(channelBlock: number): number {
  return Math.ceil(channelBlock / 4) * 4;
}

/** How `rows` rows are cut into bands of rows that need `inputRows(rows)` rows of `rowNumbers` numbers. */
function bandsOf(
  rows: number,
  rowNumbers: number,
  inputRows: (rows: number) => number,
): { bandRows: number; bands: number } {
  let bands = 1;
  while (bands < rows && inputRows(Math.ceil(rows / bands)) * rowNumbers * 4 > bandTargetBytes) {
    bands++;
  }
  const bandRows = Math.ceil(rows / bands);
  return { bandRows, bands: Math.ceil(rows / bandRows) };
}

/** Channels of one task of the direct kernel: four cache lines of every pixel. */
const directChannels = 64;
/** Outputs of one task of it, about. */
const directOutputs = 32768;

/** Rows of an image shorter than these are mostly edge, where the direct kernel has one output at a time: 4x4 takes 1.2 times as long. */
const minDirectColumns = 7;

/** Whether the kernel of assembly/depthwiseConv2dDirect.ts can do it, and is the faster one. */
function isDirect({ F: M, KW, OW, strideW, dilationH, dilationW }: Geometry): boolean {
  const isCovered = M === 1 && (KW === 3 || KW === 5) && strideW <= 2 && dilationH === 1 && dilationW === 1;
  return isCovered && OW >= minDirectColumns;
}

/** How the direct kernel cuts `rows` rows of `columns` columns of F channels. */
function directTasks(
  rows: number,
  columns: number,
  F: number,
): Record<"channelBlock" | "channelTasks" | "bandRows" | "bands", number> {
  const channelBlock = Math.min(F, directChannels);
  const bandRows = Math.min(rows, Math.max(4, Math.ceil(directOutputs / (columns * channelBlock))));
  return { channelBlock, channelTasks: Math.ceil(F / channelBlock), bandRows, bands: Math.ceil(rows / bandRows) };
}

interface Correlation {
  readonly x: number;
  readonly kernel: number;
  /** 0 without. */
  readonly bias: number;
  readonly y: number;
  /** Lanes of each number of a pixel of x, and lanes that make one of y. */
  readonly expand: number;
  readonly fold: number;
  /** Numbers from one tap of the kernel to the next. */
  readonly tapStride: number;
  readonly unary: number;
  readonly alpha: number;
}

/** Appends the correlation of the input of a geometry with a kernel of F channels in all. */
function correlate(writer: OpWriter, geometry: Geometry, F: number, correlation: Correlation): void {
  const { N, H, W, KH, KW, OH, OW, strideH, strideW, top, left, dilationH, dilationW } = geometry;
  const { expand, fold } = correlation;
  if (isDirect(geometry)) {
    const tasks = directTasks(OH, OW, F);
    writer.scratch(KH * KW * lanesOf(tasks.channelBlock) * 4);
    const { x, kernel, bias, y, tapStride, unary, alpha } = correlation;
    writer.stage(
      launch("depthwiseConv2dDirect", N * tasks.channelTasks * tasks.bands, {
        ...{ x, kernel, bias, y, tapStride, unary, alpha },
        ...{ H, W, F, OH, OW, KH, KW, strideH, strideW, top, left },
        ...tasks,
      }),
    );
    return;
  }
  const { channelBlock, channelTasks } = channelBlocks(geometry);
  const columns = (OW - 1) * strideW + (KW - 1) * dilationW + 1;
  const inputRows = (rows: number): number => (rows - 1) * strideH + (KH - 1) * dilationH + 1;
  const lanes = lanesOf(channelBlock);
  const { bandRows, bands } = bandsOf(OH, columns * lanes, inputRows);
  const scratch = new ScratchLayout();
  scratch.bytes = 0;
  scratch.place(inputRows(bandRows) * columns * lanes * 4);
  const sumsOffset = scratch.place(fold > 1 ? bandRows * OW * lanes * 4 : 0);
  writer.scratch(scratch.bytes);
  writer.stage(
    launch("depthwiseConv2d", N * channelTasks * bands, {
      ...correlation,
      H,
      W,
      inputPixel: F / expand,
      OH,
      OW,
      outputPixel: F / fold,
      F,
      KH,
      KW,
      strideH,
      strideW,
      top,
      left,
      dilationH,
      dilationW,
      columns,
      channelBlock,
      channelTasks,
      bandRows,
      bands,
      sumsOffset,
    }),
  );
}

/** depthwiseConv2d [biasAdd] [normalize] [unary] in one pass over the activations. */
export const fusedDepthwiseConv2d: OpEncoder = (op, writer) => {
  const { head, bias, normalization, activation, last } = chainParts(op);
  const [x, kernel] = head.inputs;
  const attributes = attributesOf("depthwiseConv2d", head);
  const geometry = convolutionGeometry(x!.shape, kernel!.shape, head.outputs[0]!.shape, attributes);
  const { C, F: M, KH, KW } = geometry;
  const own = { kernel: kernel!.address, bias: bias?.inputs[1]?.address ?? 0 };
  const folded = normalization && foldNormalization(writer, normalization, own.bias);
  const scaled = folded && foldedKernel(writer, folded, own.kernel, KH * KW, C * M);
  if (folded && scaled) {
    writer.stage(folded.launch, scaled.launch);
  }
  correlate(writer, geometry, C * M, {
    x: x!.address,
    kernel: scaled?.address ?? own.kernel,
    bias: folded?.bias ?? own.bias,
    y: last.outputs[0]!.address,
    expand: M,
    fold: 1,
    tapStride: C * M,
    ...unaryArguments(activation),
  });
};

/** Without followers. */
export const depthwiseConv2d: OpEncoder = fusedDepthwiseConv2d;

export const depthwiseConv2dBackwardInput: OpEncoder = (op, writer) => {
  const [dy, kernel] = op.inputs;
  const [dx] = op.outputs;
  const attributes = attributesOf("depthwiseConv2dBackwardInput", op);
  const geometry = convolutionGeometry(dx!.shape, kernel!.shape, dy!.shape, attributes);
  const { N, H, W, C, F: M, KH, KW, OH, OW, strideH, strideW, top, left, dilationH, dilationW } = geometry;
  const F = C * M;
  if (strideH === 1 && strideW === 1) {
    // A correlation of dy with the kernel turned round: its last tap comes first.
    const turned = {
      ...geometry,
      H: OH,
      W: OW,
      OH: H,
      OW: W,
      top: (KH - 1) * dilationH - top,
      left: (KW - 1) * dilationW - left,
    };
    const last = kernel!.address + (KH * KW - 1) * F * 4;
    const places = { x: dy!.address, kernel: last, bias: 0, y: dx!.address };
    correlate(writer, turned, F, { ...places, expand: 1, fold: M, tapStride: -F, ...unaryArguments(undefined) });
    return;
  }
  const { channelBlock, channelTasks } = channelBlocks(geometry);
  const columns = Math.max(left, (OW - 1) * strideW + (KW - 1) * dilationW + 1);
  const rowNumbers = columns * lanesOf(channelBlock);
  const { bandRows, bands } = bandsOf(H, rowNumbers, (rows) => rows);
  writer.scratch(bandRows * rowNumbers * 4 + 64);
  writer.stage(
    launch("depthwiseConv2dBackwardInput", N * channelTasks * bands, {
      dy: dy!.address,
      kernel: kernel!.address,
      dx: dx!.address,
      H,
      W,
      C,
      M,
      F,
      OH,
      OW,
      KH,
      KW,
      strideH,
      strideW,
      top,
      left,
      dilationH,
      dilationW,
      columns,
      channelBlock,
      channelTasks,
      bandRows,
      bands,
    }),
  );
};

export const depthwiseConv2dBackwardFilter: OpEncoder = (op, writer) => {
  const [x, dy] = op.inputs;
  const [dk] = op.outputs;
  const attributes = attributesOf("depthwiseConv2dBackwardFilter", op);
  const geometry = convolutionGeometry(x!.shape, dk!.shape, dy!.shape, attributes);
  const { N, H, W, C, F: M, KH, KW, OH, OW, strideH, strideW, top, left, dilationH, dilationW } = geometry;
  const F = C * M;
  const { channelBlock, channelTasks } = channelBlocks(geometry);
  const sampleBlock = Math.ceil(N / Math.min(N, Math.ceil(maxFilterTasks / channelTasks)));
  const sampleTasks = Math.ceil(N / sampleBlock);
  const columns = (OW - 1) * strideW + (KW - 1) * dilationW + 1;
  const inputRows = (rows: number): number => (rows - 1) * strideH + (KH - 1) * dilationH + 1;
  const lanes = lanesOf(channelBlock);
  const { bandRows } = bandsOf(OH, columns * lanes, inputRows);
  const scratch = new ScratchLayout();
  scratch.bytes = 0;
  scratch.place(KH * KW * lanes * 4);
  const bandOffset = scratch.place(inputRows(bandRows) * columns * lanes * 4);
  writer.scratch(scratch.bytes);
  const partials = partialSums(writer, sampleTasks, KH * KW * F, dk!.address);
  writer.stage(
    launch("depthwiseConv2dBackwardFilter", sampleTasks * channelTasks, {
      x: x!.address,
      dy: dy!.address,
      partials: partials.address,
      N,
      H,
      W,
      C,
      M,
      F,
      OH,
      OW,
      KH,
      KW,
      strideH,
      strideW,
      top,
      left,
      dilationH,
      dilationW,
      columns,
      sampleBlock,
      channelBlock,
      channelTasks,
      bandRows,
      bandOffset,
    }),
  );
  writer.stage(...partials.finish);
};
