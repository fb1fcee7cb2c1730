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
  const { rows, columns, bandRows, bands } = bandsOf(shape, pooling);
  const shallow = Number((shape.dilationW > 1 ? shape.C : shape.KW * shape.C) < shortRun);
  const scratch = new ScratchLayout();
  scratch.place(shallow ? K * 4 : 0);
  const bandOffset = scratch.place(bandBytes(shape, bandRows));
  const outputOffset = scratch.place(pooling ? bandRows * columns * shape.F * 4 : 0);
  writer.scratch(scratch.bytes);
  writer.stage(
    launch(
      "conv2d",
      shape.N * bands,
      {
        ...shape,
        x: x!.address,
        panels,
        bias: additions.bias,
        y: last.outputs[0]!.address,
        argmax: pooling?.outputs[1]?.address ?? 0,
        addend: additions.addend,
        rows,
        columns,
        bandRows,
        bands,
        ...unaryArguments(activation),
        shallow,
        bandOffset,
        outputOffset,
        pooled: Number(pooling !== undefined),
      },
      pooling && scratchPooling(pooling, columns, rows),
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
function bandsOf(
  shape: Convolution,
  pooling: WasmOp | undefined,
): { rows: number; columns: number; bandRows: number; bands: number } {
  let [rows, columns, unit] = [shape.OH, shape.OW, 1];
  if (pooling) {
    if (!tilesExactly(pooling)) {
      return { rows, columns, bandRows: rows, bands: 1 };
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
  return { rows, columns, bandRows, bands: Math.ceil(rows / bandRows) };
}
