import type { Attributes } from "@convoy/core/backend";
import type { KernelSettings } from "../program/kernels.js";
import { type OpCall, type OpEncoder, type Operand, type OpWriter, sizes4 } from "../program/opWriter.js";
import { type Phase, phase } from "../program/phase.js";
import { bandBytes, bandColumns, type ConvShape, convShape, ScratchPlan, tapRuns } from "./convShape.js";
import { poolAttributes } from "./pool.js";
import { partialSums } from "./sums.js";
import { functionOf } from "./unary.js";

/** Blocks of samples whose filter gradients are summed apart: the number of tasks where that is memory enough. */
const sampleBlocks = 16;
/** Most memory for those sums. */
const partialsBytes = 8 << 20;
/** Input that is walked again and again for each output channel: what the first-level cache holds. */
const walkedBytes = 32768;
/** dx and its lists in one task of the input gradient. */
const spreadBytes = 163840;

/** What the gradient at a convolution's output is computed from. */
interface GradientSource {
  readonly dy: Operand;
  readonly masking: OpCall | undefined;
  readonly pooling: OpCall | undefined;
}

/** Where a gradient is read: the settings that both kernels share, and its sizes. */
type GradientSettings = Omit<KernelSettings<"convInput">, keyof ConvShape | keyof InputOnly>;
type InputOnly = Record<
  | "dx"
  | "filters"
  | "bandRows"
  | "bands"
  | "run"
  | "runPadded"
  | "runs"
  | "capacity"
  | "copied"
  | "tableOffset"
  | "rowOffset"
  | "countsOffset"
  | "listsOffset"
  | "bandOffset",
  number
>;

function gradientSettings({ dy, masking, pooling }: GradientSource): GradientSettings {
  const [, GH, GW] = sizes4(dy.shape);
  const pool = pooling
    ? poolAttributes(pooling.attributes)
    : { poolSize: [1, 1], strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] };
  return {
    dy: dy.address,
    y: masking?.inputs[1]?.address ?? 0,
    argmax: pooling?.inputs[1]?.address ?? 0,
    ...functionOf(masking),
    GH,
    GW,
    PH: pool.poolSize[0]!,
    PW: pool.poolSize[1]!,
    poolStrideH: pool.strides[0]!,
    poolStrideW: pool.strides[1]!,
    poolTop: pool.padding[0]!,
    poolLeft: pool.padding[2]!,
    poolDilationH: pool.dilation[0]!,
    poolDilationW: pool.dilation[1]!,
  };
}

interface FilterPhases {
  readonly before: readonly Phase[];
  readonly main: Phase;
  readonly finish: readonly Phase[];
  /** Whether the input's gradient is among what they make. */
  readonly makesInput: boolean;
}

/** The kernel as one filter after the other. */
function packing(shape: ConvShape, kernel: Operand, filters: number): Phase {
  const { run, runPadded, runs } = tapRuns(shape);
  const { F } = shape;
  const settings = { kernel: kernel.address, filters, F, rows: shape.KH * runs, run, runPadded };
  return phase("packFilters", Math.ceil(F / 4), settings);
}

/** The gradients that one pass over the lists may make beside that of the kernel. */
interface Companions {
  readonly biasGradient?: Operand | undefined;
  /** The gradient of the input and the kernel that it is made with. */
  readonly input?: { readonly dx: Operand; readonly kernel: Operand } | undefined;
}

/** The gradients of kernel, bias and, where whole samples fit a task, input. */
function filterPhases(
  writer: OpWriter,
  shape: ConvShape,
  source: GradientSource,
  x: Operand,
  kernelGradient: Operand,
  { biasGradient, input }: Companions,
): FilterPhases {
  const gradient = gradientSettings(source);
  const { F } = shape;
  const N = x.shape[0]!;
  const { run, runPadded, runs } = tapRuns(shape);
  const filterBytes = shape.KH * runs * runPadded * 4;
  const mostBlocks = Math.max(1, Math.min(sampleBlocks, N, Math.floor(partialsBytes / (F * filterBytes))));
  const sampleBlock = Math.ceil(N / mostBlocks);
  const blocks = Math.ceil(N / sampleBlock);
  const channelBlock = Math.min(F, Math.ceil(F / Math.ceil(sampleBlocks / blocks) / 8) * 8);
  const channelTasks = Math.ceil(F / channelBlock);

  const imageBytes = shape.H * shape.W * shape.C * 4;
  const together = Math.max(1, Math.min(sampleBlock, Math.floor(walkedBytes / imageBytes)));
  const rowBytes = bandColumns(shape) * shape.C * 4 * shape.strideH * gradient.poolStrideH;
  const bandRows = together > 1 ? gradient.GH : Math.max(1, Math.min(gradient.GH, Math.floor(walkedBytes / rowBytes)));
  const convRows = Math.min(
    shape.OH,
    (bandRows - 1) * gradient.poolStrideH + (gradient.PH - 1) * gradient.poolDilationH + 1,
  );
  // One more than can be needed: an entry is written before it is known whether it stays.
  const capacity = together * bandRows * gradient.GW + 1;

  const own = input && channelTasks === 1 && bandRows === gradient.GH ? input : undefined;
  const copied = Number(shape.padded === 1 || run !== runPadded);
  const filters = own ? writer.workspace(F * filterBytes) : 0;
  const scratch = new ScratchPlan();
  const offsets = {
    tableOffset: scratch.place(gradient.PH * gradient.PW * 4),
    rowOffset: scratch.place(channelBlock * 4),
    endsOffset: scratch.place(channelBlock * 4),
    listsOffset: scratch.place(channelBlock * capacity * 8),
    bandOffset: scratch.place(together * bandBytes(shape, convRows)),
    dxOffset: scratch.place(own && copied ? together * Math.max(bandBytes(shape, shape.OH), imageBytes) : 0),
  };
  writer.scratch(scratch.bytes);
  const partials = writer.workspace(blocks * F * filterBytes);
  const bias = biasGradient && partialSums(writer, blocks, F, biasGradient.address);
  return {
    main: phase("convFilter", blocks * channelTasks, {
      ...shape,
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
      dx: own?.dx.address ?? 0,
      filters,
      copied,
    }),
    before: own ? [packing(shape, own.kernel, filters)] : [],
    makesInput: own !== undefined,
    finish: [
      phase("sumFilters", Math.ceil(F / 4), {
        partials,
        kernel: kernelGradient.address,
        blocks,
        F,
        rows: shape.KH * runs,
        runPadded,
        run,
      }),
      ...(bias?.finish ?? []),
    ],
  };
}

/** The gradient of the input: phases for two stages. */
function inputPhases(
  writer: OpWriter,
  shape: ConvShape,
  source: GradientSource,
  kernel: Operand,
  dx: Operand,
): { before: Phase; main: Phase } {
  const gradient = gradientSettings(source);
  const { F, H, W, C } = shape;
  const { run, runPadded, runs } = tapRuns(shape);
  const rows = shape.KH * runs;
  const filters = writer.workspace(F * rows * runPadded * 4);
  const overlap =
    gradient.poolDilationH > 1 || gradient.poolDilationW > 1
      ? gradient.PH * gradient.PW
      : Math.ceil(gradient.PH / gradient.poolStrideH) * Math.ceil(gradient.PW / gradient.poolStrideW);
  const capacity = F * overlap + 1;
  const copied = Number(shape.padded || run !== runPadded);
  const rowBytes = W * C * 4 + (shape.OW * capacity * 8) / shape.strideH;
  const bands = Math.ceil(H / Math.max(1, Math.floor(Math.max(spreadBytes / rowBytes, Math.min(H, 4)))));
  const bandRows = Math.ceil(H / bands);
  const outRows = Math.min(shape.OH, Math.ceil((bandRows + (shape.KH - 1) * shape.dilationH) / shape.strideH) + 1);
  const positions = outRows * shape.OW;

  const scratch = new ScratchPlan();
  const columns = shape.left + Math.max(W, bandColumns(shape));
  const offsets = {
    tableOffset: scratch.place(gradient.PH * gradient.PW * 4),
    rowOffset: scratch.place(F * 4),
    countsOffset: scratch.place(positions * 4),
    listsOffset: scratch.place(positions * capacity * 8),
    bandOffset: scratch.place(copied ? bandRows * columns * C * 4 : 0),
  };
  writer.scratch(scratch.bytes);
  return {
    before: packing(shape, kernel, filters),
    main: phase("convInput", dx.shape[0]! * Math.ceil(H / bandRows), {
      ...shape,
      ...gradient,
      dx: dx.address,
      filters,
      bandRows,
      bands: Math.ceil(H / bandRows),
      run,
      runPadded,
      runs,
      capacity,
      copied,
      ...offsets,
    }),
  };
}

export const conv2dBackwardFilter: OpEncoder = ({ inputs: [x, dy], outputs: [dk], attributes }, writer) => {
  const shape = convShape(x!.shape, dk!.shape, dy!.shape, attributes);
  const source = { dy: dy!, masking: undefined, pooling: undefined };
  const { main, finish } = filterPhases(writer, shape, source, x!, dk!, {});
  writer.stage(main);
  writer.stage(...finish);
};

export const conv2dBackwardInput: OpEncoder = ({ inputs: [dy, kernel], outputs: [dx], attributes }, writer) => {
  const shape = convShape(dx!.shape, kernel!.shape, dy!.shape, attributes);
  const source = { dy: dy!, masking: undefined, pooling: undefined };
  const { before, main } = inputPhases(writer, shape, source, kernel!, dx!);
  writer.stage(before);
  writer.stage(main);
};

/** [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter at once. */
export const fusedConv2dBackward: OpEncoder = ({ parts }, writer) => {
  const find = (op: OpCall["op"]) => parts.find((part) => part.op === op);
  const [masking, pooling] = [find("unaryBackward"), find("maxPool2dBackward")];
  const filter = find("conv2dBackwardFilter")!;
  const input = find("conv2dBackwardInput");
  const dy = (masking ?? pooling)?.inputs[0] ?? filter.inputs[1]!;
  const source = { dy, masking, pooling };
  const [x, dk] = [filter.inputs[0]!, filter.outputs[0]!];
  const shape = convShape(x.shape, dk.shape, filter.inputs[1]!.shape, filter.attributes);
  const wanted = input && { dx: input.outputs[0]!, kernel: input.inputs[1]! };
  const filters = filterPhases(writer, shape, source, x, dk, {
    biasGradient: find("biasAddBackward")?.outputs[0],
    input: wanted,
  });
  const inputs = wanted && !filters.makesInput && inputPhases(writer, shape, source, wanted.kernel, wanted.dx);
  writer.stage(...filters.before, ...(inputs ? [inputs.before] : []));
  writer.stage(filters.main, ...(inputs ? [inputs.main] : []));
  writer.stage(...filters.finish);
};

/** Why these parts cannot run as one, or true: they must be gradients of one and the same convolution. */
export function isOneConvolution(parts: readonly { op: string; attributes: Attributes }[]): true | string {
  const of = (op: string) => parts.filter((part) => part.op === op);
  const [filter, ...moreFilters] = of("conv2dBackwardFilter");
  const [input, ...moreInputs] = of("conv2dBackwardInput");
  if (!filter || moreFilters.length > 0 || moreInputs.length > 0 || of("biasAddBackward").length > 1) {
    return "fusedConv2dBackward: takes the gradients of one convolution at a time";
  }
  const settings = ({ attributes: { strides, padding, dilation } }: { attributes: Attributes }) =>
    JSON.stringify([strides, padding, dilation]);
  return !input || settings(input) === settings(filter)
    ? true
    : "fusedConv2dBackward: the two gradients belong to convolutions with different settings";
}
