import { addend, attributesOf, chainParts, normGradientParts, sizeOf } from "@convoy/core/backend";
import { type Launch, launch } from "../program/launch.js";
import type { OpEncoder, Operand, OpWriter, WasmOp } from "../program/opWriter.js";
import { movingAverageLaunch } from "./movingAverage.js";
import { gammaAndBeta, normalizeLaunch } from "./normalize.js";
import { unaryArguments } from "./unary.js";
import { type WideRows, wideBlocks, wideRowsOf } from "./wideRows.js";

/** Channels of one task where blocks of rows are combined. */
const taskChannels = 16;
/** Numbers that `assembly/batchNorm.ts` adds up in scratch memory at a time. */
const gradientPart = 1024;

/** Room for two sums of every block of wide rows, and what the kernel that combines them has to know. */
function blockSums(writer: OpWriter, { rows, channels, width, wideRows, block: blockRows }: WideRows) {
  const blocks = Math.ceil(wideRows / blockRows);
  const partials = writer.workspace(Math.max(1, blocks) * 2 * width * 4);
  return {
    partials,
    blocks,
    combining: { partials, rows, channels, width, wideRows, blocks, blockRows, block: taskChannels },
    combiningTasks: Math.ceil(channels / taskChannels),
  };
}

/** Where a tensor is: in the op's workspace if only its parts use it. */
function placeOf({ address, shape }: Operand, writer: OpWriter): number {
  return address || writer.workspace(sizeOf(shape) * 4);
}

/** The moving average that a statistic goes into, as arguments: state, momentum and 1 - momentum. */
function averaging(average: WasmOp | undefined): { state: number; momentum: number; share: number } {
  if (average === undefined) {
    return { state: 0, momentum: 0, share: 0 };
  }
  const { momentum } = attributesOf("movingAverage", average);
  return { state: average.inputs[0]!.address, momentum, share: 1 - momentum };
}

/** batchNorm [movingAverage] [movingAverage] [add] [unary]: a pass for the statistics, one that normalizes. */
export const fusedBatchNorm: OpEncoder = (op, writer) => {
  const { head, averages, addition, activation, last } = chainParts(op);
  const [input, ...vectors] = head.inputs;
  const [mean, variance] = head.outputs.slice(1).map((output) => placeOf(output, writer));
  const attributes = attributesOf("batchNorm", head);
  const x = input!.address;
  const wide = wideRowsOf(input!.shape);
  const { partials, blocks, combining, combiningTasks } = blockSums(writer, wide);
  if (blocks > 0) {
    const { width, wideRows: rows, block } = wide;
    writer.stage(launch("batchNormMoments", blocks, { x, partials, width, rows, block }));
  }
  const statistics = { mean: mean!, variance: variance! };
  const first = (output: Operand): WasmOp | undefined => averages.find(({ inputs }) => inputs[1] === output);
  const [ofMean, ofVariance] = head.outputs.slice(1).map(first);
  const [movingMean, movingVariance] = [averaging(ofMean), averaging(ofVariance)];
  writer.stage(
    launch("batchNormStatistics", combiningTasks, {
      x,
      ...combining,
      ...statistics,
      movingMean: movingMean.state,
      movingVariance: movingVariance.state,
      meanMomentum: movingMean.momentum,
      meanShare: movingMean.share,
      varianceMomentum: movingVariance.momentum,
      varianceShare: movingVariance.share,
    }),
  );
  const further = averages.filter((average) => average !== ofMean && average !== ofVariance);
  const placed = (value: Operand): number => (value === head.outputs[1] ? statistics.mean : statistics.variance);
  writer.stage(...further.map((average) => movingAverageLaunch(average, placed(average.inputs[1]!))));
  const added = addition ? addend(op, addition).address : 0;
  const places = {
    x,
    ...statistics,
    ...gammaAndBeta(vectors, attributes),
    addend: added,
    y: last.outputs[0]!.address,
  };
  writer.stage(normalizeLaunch(writer, wide, places, attributes.epsilon, activation));
};

/** Without followers. */
export const batchNorm: OpEncoder = fusedBatchNorm;

/**
 * [add] [unaryBackward] batchNormBackwardSums [batchNormBackwardInput]: a pass that computes the gradient g of the
 * normalization's output and its sums, one for the gradient of the input. Where nothing else reads g it goes to where the
 * second pass writes its result.
 */
export const fusedBatchNormBackward: OpEncoder = (op, writer) => {
  const { addition, activation, sums, input } = normGradientParts(op);
  const [ownDy, x, mean, variance] = sums.inputs.map(({ address }) => address) as [number, number, number, number];
  const [scaleGradient, offsetGradient] = sums.outputs.map((output) => placeOf(output, writer)) as [number, number];
  const source = addition ?? activation;
  const inner = sums.inputs[0]!;
  const apart = (): number => (input ? input.outputs[0]!.address : writer.workspace(sizeOf(inner.shape) * 4));
  const g = source ? ownDy || apart() : ownDy;

  const { epsilon } = attributesOf("batchNormBackwardSums", sums);
  const wide = wideRowsOf(inner.shape);
  const { partials, blocks, combining, combiningTasks } = blockSums(writer, wide);
  const { channels, width, wideRows: rows, block } = wide;
  const passed = { x, mean, partials, channels, width, rows, block };
  writer.scratch(Math.max(width, gradientPart) * 4 + 64);
  if (source) {
    const args = {
      ...passed,
      dy: source.inputs[0]!.address,
      other: addition?.inputs[1]?.address ?? 0,
      y: activation?.inputs[1]?.address ?? 0,
      g,
      length: sizeOf(inner.shape),
      ...unaryArguments(activation),
    };
    writer.stage(launch("batchNormMaskedSums", Math.max(1, blocks), args));
  } else if (blocks > 0) {
    writer.stage(launch("batchNormBackwardSums", blocks, { dy: g, ...passed }));
  }
  const vectors = { mean, variance, scaleGradient, offsetGradient };
  writer.stage(launch("batchNormGradients", combiningTasks, { dy: g, x, ...vectors, ...combining, epsilon }));
  if (input) {
    writer.stage(inputGradientLaunch(writer, wide, input, { dy: g, x, ...vectors }));
  }
};

/** Without the ops around it. */
export const batchNormBackwardSums: OpEncoder = (op, writer) =>
  fusedBatchNormBackward({ ...op, op: "fusedBatchNormBackward", parts: [op] }, writer);

/** The vectors and tensors that the gradient of the input is computed from. */
interface GradientPlaces {
  readonly dy: number;
  readonly x: number;
  readonly mean: number;
  readonly variance: number;
  readonly scaleGradient: number;
  readonly offsetGradient: number;
}

/** The pass of a batchNormBackwardInput. */
function inputGradientLaunch(writer: OpWriter, wide: WideRows, op: WasmOp, places: GradientPlaces): Launch {
  const { epsilon } = attributesOf("batchNormBackwardInput", op);
  const { args, tasks } = wideBlocks(wide);
  writer.scratch(4 * wide.width * 4 + 64);
  return launch("batchNormBackwardInput", tasks, {
    ...places,
    gamma: op.inputs[6]?.address ?? 0,
    dx: op.outputs[0]!.address,
    ...args,
    epsilon,
    share: 1 / wide.rows,
  });
}

export const batchNormBackwardInput: OpEncoder = (op, writer) => {
  const [dy, x, mean, variance, scaleGradient, offsetGradient] = op.inputs.map(({ address }) => address) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const places = { dy, x, mean, variance, scaleGradient, offsetGradient };
  writer.stage(inputGradientLaunch(writer, wideRowsOf(op.inputs[1]!.shape), op, places));
};
