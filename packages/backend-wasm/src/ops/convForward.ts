import { type OpCall, type OpEncoder, type OpWriter, sizes4 } from "../program/opWriter.js";
import { phase, rowBlocks, settingsWords } from "../program/phase.js";
import { bandBytes, bandColumns, type ConvShape, convShape, ScratchPlan } from "./convShape.js";
import { suitsWinograd, writeWinograd } from "./convWinograd.js";
import { poolAttributes, poolSettings, tilesExactly } from "./pool.js";
import { functionOf } from "./unary.js";

/** Input bytes of a band: about what the first-level cache holds beside a panel of the kernel. */
const bandTargetBytes = 32768;
/** Operations that a task should have at least, for its start to cost nothing. */
const flopsOfTask = 400_000;
/** Runs of contiguous taps shorter than this are too short for matrix tiles. */
const shortRun = 12;

export const conv2d: OpEncoder = (call, writer) => writeConv(writer, call, [], call.outputs[0]!.address);

/** conv2d [biasAdd] [maxPool2d] [unary] in one pass. */
export const fusedConv2d: OpEncoder = ({ parts }, writer) =>
  writeConv(writer, parts[0]!, parts.slice(1), parts[parts.length - 1]!.outputs[0]!.address);

function writeConv(writer: OpWriter, conv: OpCall, followers: readonly OpCall[], y: number): void {
  const [input, kernel] = conv.inputs;
  const shape = convShape(input!.shape, kernel!.shape, conv.outputs[0]!.shape, conv.attributes);
  const bias = followers.find(({ op }) => op === "biasAdd");
  const pool = followers.find(({ op }) => op === "maxPool2d");
  if (suitsWinograd(shape, input!.shape[0]!, pool)) {
    writeWinograd(writer, shape, conv, followers, y);
    return;
  }
  const K = shape.KH * shape.KW * shape.C;
  const panelCount = Math.ceil(shape.F / 8);
  const panels = writer.workspace(panelCount * K * 32);
  const packing = rowBlocks(panelCount, 8 * K, 8192);
  writer.stage(
    phase("packPanels", packing.tasks, {
      b: kernel!.address,
      panels,
      K,
      N: shape.F,
      transposed: 0,
      block: packing.block,
    }),
  );

  const { rows, columns, bandRows, bands } = bandsOf(shape, pool);
  const shallow = Number((shape.dilationW > 1 ? shape.C : shape.KW * shape.C) < shortRun);
  const scratch = new ScratchPlan();
  scratch.place(shallow ? K * 4 : 0);
  const bandOffset = scratch.place(bandBytes(shape, bandRows));
  const outputOffset = scratch.place(pool ? bandRows * columns * shape.F * 4 : 0);
  writer.scratch(scratch.bytes);
  const samples = input!.shape[0]!;
  writer.stage(
    phase(
      "convForward",
      samples * bands,
      {
        ...shape,
        x: input!.address,
        panels,
        bias: bias?.inputs[1]?.address ?? 0,
        y,
        argmax: pool?.outputs[1]?.address ?? 0,
        rows,
        columns,
        bandRows,
        bands,
        ...functionOf(followers.find(({ op }) => op === "unary")),
        shallow,
        bandOffset,
        outputOffset,
        pooled: Number(pool !== undefined),
      },
      pool ? pooledWords(pool, columns, rows) : [],
    ),
  );
}

/** The settings of the pooling behind a convolution, which reads `rows` x `columns` outputs from scratch memory. */
function pooledWords(pool: OpCall, columns: number, rows: number): number[] {
  const [N, , , F] = sizes4(pool.inputs[0]!.shape);
  const places = { x: 0, y: 0, argmax: 0 };
  return settingsWords("maxPool", poolSettings(pool.attributes, [N, rows, columns, F], pool.outputs[0]!.shape, places));
}

/** Which outputs are computed, and how a sample is cut into tasks. */
function bandsOf(
  shape: ConvShape,
  pool: OpCall | undefined,
): { rows: number; columns: number; bandRows: number; bands: number } {
  let [rows, columns, unit] = [shape.OH, shape.OW, 1];
  if (pool) {
    if (!tilesExactly(pool)) {
      return { rows, columns, bandRows: rows, bands: 1 };
    }
    const { poolSize } = poolAttributes(pool.attributes);
    const [, pooledRows, pooledColumns] = sizes4(pool.outputs[0]!.shape);
    [rows, columns, unit] = [pooledRows * poolSize[0], pooledColumns * poolSize[1], poolSize[0]];
  }
  const rowBytes = bandColumns(shape) * shape.C * 4 * shape.strideH;
  const rowFlops = 2 * columns * shape.F * shape.KH * shape.KW * shape.C;
  const wanted = Math.max(1, bandTargetBytes / rowBytes, flopsOfTask / rowFlops);
  const bands = Math.max(1, Math.round(rows / wanted));
  const bandRows = Math.ceil(rows / bands / unit) * unit;
  return { rows, columns, bandRows, bands: Math.ceil(rows / bandRows) };
}
