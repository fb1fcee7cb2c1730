import { attributesOf, chainParts } from "@convoy/core/backend";
import { type Argument, launch, poolingArguments, rowBlocks } from "../program/launch.js";
import { type OpEncoder, ScratchLayout, type WasmOp } from "../program/opWriter.js";
import { suitsWinograd, writeWinograd } from "./conv2dWinograd.js";
import { additionsOf } from "./convolutionAdditions.js";
import { productLaunches } from "./matMul.js";
import { poolingArgumentsOf, tilesExactly } from "./maxPool2d.js";
import { bandBytes, bandColumns, type Convolution, convolutionOf, isPointwise } from "./paddedBand.js";
import { unaryArguments } from "./unary.js";

/** Input bytes of a band: about what the first-level cache holds beside a panel of the kernel. */
const bandTargetBytes = 32768;
/** Operations that a task should have at least, for its start to cost nothing. */
const taskFlops = 400_000;
/** Outputs in front of a pooling: a part of the second-level cache. */
const outputTargetBytes = 262144;
/** Tasks, for threads beyond the samples to have some; of the rows of a task at most one in so many is computed twice. */
const minTasks = 16;
const maxSharedRows = 16;
/** Runs of contiguous taps shorter than this are too short for matrix tiles. */
const shortRun = 12;

/** conv2d [biasAdd] [normalize] [add] [maxPool2d] [unary] in one pass over the activations. */
export const fusedConv2d: OpEncoder = (op, writer) => {
  const chain = chainParts(op);
  const { head, pooling, activation, last } = chain;
  const additions = additionsOf(op, chain, writer);
  const [x, kernel] = head.inputs;
  const shape = convolutionOf(x!.shape, kernel!.shape, head.outputs[0]!.shape, attributesOf("conv2d", head));
  if (suitsWinograd(shape, pooling)) {
    writeWinograd(writer, shape, chain, additions);
    return;
  }
  const K = shape.KH * shape.KW * shape.C;
  const panelCount = Math.ceil(shape.F / 8);
  const panels = writer.workspace(panelCount * K * 32);
  const packing = rowBlocks(panelCount, 8 * K, 8192);
  const { folded } = additions;
  const packed = { b: kernel!.address, panels, K, N: shape.F, transposed: 0, block: packing.block };
  writer.stage(
    ...(folded
      ? [folded.launch, launch("packNormalizedPanels", packing.tasks, { ...packed, ...folded.factors })]
      : [launch("packPanels", packing.tasks, packed)]),
  );

  if (!pooling && isPointwise(shape)) {
    const product = { M: shape.N * shape.H * shape.W, N: shape.F, K, transposeA: false, transposeB: false };
    const places = { a: x!.address, b: panels, c: last.outputs[0]!.address, packed: true };
    const epilogue = { bias: additions.bias, addend: additions.addend, ...unaryArguments(activation) };
    writer.stage(productLaunches(product, places, epilogue, writer).main);
    return;
  }
  const { outputRows, ...bands } = bandsOf(shape, pooling);
  const shallow = Number((shape.dilationW > 1 ? shape.C : shape.KW * shape.C) < shortRun);
  const scratch = new ScratchLayout();
  scratch.place(shallow ? K * 4 : 0);
  const bandOffset = scratch.place(bandBytes(shape, outputRows));
  const outputOffset = scratch.place(pooling ? outputRows * bands.columns * shape.F * 4 : 0);
  writer.scratch(scratch.bytes);
  writer.stage(
    launch(
      "conv2d",
      shape.N * bands.bands,
      {
        ...shape,
        x: x!.address,
        panels,
        bias: additions.bias,
        y: last.outputs[0]!.address,
        argmax: pooling?.outputs[1]?.address ?? 0,
        addend: additions.addend,
        ...bands,
        ...unaryArguments(activation),
        shallow,
        bandOffset,
        outputOffset,
        pooled: Number(pooling !== undefined),
      },
      pooling && scratchPooling(pooling, bands.columns, bands.rows),
    ),
  );
};

/** Without followers. */
export const conv2d: OpEncoder = fusedConv2d;

/** The arguments of the pooling behind a convolution, which reads `rows` x `columns` outputs from scratch memory. */
function scratchPooling(pooling: WasmOp, columns: number, rows: number): Argument[] {
  const [N, , , F] = pooling.inputs[0]!.shape as [number, number, number, number];
  const places = { x: 0, y: 0, argmax: 0 };
  const output = pooling.outputs[0]!.shape;
  return poolingArguments(poolingArgumentsOf(pooling, [N, rows, columns, F], output, places));
}

/** Which outputs are computed, and how a sample is cut into tasks. */
interface Bands {
  readonly rows: number;
  readonly columns: number;
  readonly bandRows: number;
  readonly bands: number;
  /** Pooled rows at a time where windows do not lie side by side, otherwise 0. */
  readonly pooledRows: number;
  /** Outputs that are in memory at a time. */
  readonly outputRows: number;
}

function bandsOf(shape: Convolution, pooling: WasmOp | undefined): Bands {
  let [rows, columns, unit] = [shape.OH, shape.OW, 1];
  if (pooling) {
    if (!tilesExactly(pooling)) {
      return bandsUnderWindows(shape, pooling);
    }
    const { poolSize } = attributesOf("maxPool2d", pooling);
    const [, pooledRows, pooledColumns] = pooling.outputs[0]!.shape as [number, number, number];
    [rows, columns, unit] = [pooledRows * poolSize[0], pooledColumns * poolSize[1], poolSize[0]];
  }
  const rowBytes = bandColumns(shape) * shape.C * 4 * shape.strideH;
  const rowFlops = 2 * columns * shape.F * shape.KH * shape.KW * shape.C;
  const wanted = Math.max(1, bandTargetBytes / rowBytes, taskFlops / rowFlops);
  const bands = Math.max(1, Math.round(rows / wanted));
  const bandRows = Math.ceil(rows / bands / unit) * unit;
  return { rows, columns, bandRows, bands: Math.ceil(rows / bandRows), pooledRows: 0, outputRows: bandRows };
}

/** Rows that two tasks both need are computed twice: few tasks a sample, if there are samples enough. */
function bandsUnderWindows(shape: Convolution, pooling: WasmOp): Bands {
  const { OH: rows, OW: columns, N, F } = shape;
  const { poolSize, strides, dilation } = attributesOf("maxPool2d", pooling);
  const [, pooled] = pooling.outputs[0]!.shape as [number, number];
  const span = (poolSize[0] - 1) * dilation[0] + 1;
  const shared = Math.max(0, span - strides[0]);
  const least = Math.max(1, Math.ceil((shared * maxSharedRows) / strides[0]));
  const bandRows = Math.min(pooled, Math.max(least, Math.ceil(pooled / Math.ceil(minTasks / N))));
  const room = Math.floor((outputTargetBytes / (columns * F * 4) - span) / strides[0]) + 1;
  const pooledRows = Math.max(1, Math.min(bandRows, room));
  const outputRows = Math.min(rows, (pooledRows - 1) * strides[0] + span);
  return { rows, columns, bandRows, bands: Math.ceil(pooled / bandRows), pooledRows, outputRows };
}
