import { attributesOf } from "@convoy/core/backend";
import { launch } from "../program/launch.js";
import type { OpEncoder, OpWriter } from "../program/opWriter.js";
import { gammaAndBeta, normalizeLaunch } from "./normalize.js";
import { type WideRows, wideBlocks, wideRowsOf } from "./wideRows.js";

/** Channels of one task where blocks of rows are combined. */
const taskChannels = 16;

/** Room for two sums of every block of wide rows, and what the kernel that combines them has to know. */
function blockSums(writer: OpWriter, { rows, channels, width, wideRows, block: blockRows }: WideRows) {
  const blocks = Math.ceil(wideRows / blockRows);
  const partials = writer.workspace(blocks * 2 * width * 4);
  return {
    partials,
    blocks,
    combining: { partials, rows, channels, width, wideRows, blocks, blockRows, block: taskChannels },
    combiningTasks: Math.ceil(channels / taskChannels),
  };
}

export const batchNorm: OpEncoder = (op, writer) => {
  const [input, ...vectors] = op.inputs;
  const [y, mean, variance] = op.outputs.map(({ address }) => address);
  const attributes = attributesOf("batchNorm", op);
  const x = input!.address;
  const wide = wideRowsOf(input!.shape);
  const { partials, blocks, combining, combiningTasks } = blockSums(writer, wide);
  if (blocks > 0) {
    const { width, wideRows: rows, block } = wide;
    writer.stage(launch("batchNormMoments", blocks, { x, partials, width, rows, block }));
  }
  const statistics = { mean: mean!, variance: variance! };
  writer.stage(launch("batchNormStatistics", combiningTasks, { x, ...combining, ...statistics }));
  const places = { x, ...statistics, ...gammaAndBeta(vectors, attributes), y: y! };
  writer.stage(normalizeLaunch(writer, wide, places, attributes.epsilon));
};

export const batchNormBackwardSums: OpEncoder = (op, writer) => {
  const [dy, x, mean, variance] = op.inputs.map(({ address }) => address) as [number, number, number, number];
  const [scaleGradient, offsetGradient] = op.outputs.map(({ address }) => address) as [number, number];
  const { epsilon } = attributesOf("batchNormBackwardSums", op);
  const wide = wideRowsOf(op.inputs[1]!.shape);
  const { partials, blocks, combining, combiningTasks } = blockSums(writer, wide);
  if (blocks > 0) {
    const { channels, width, wideRows: rows, block } = wide;
    writer.scratch(width * 4 + 64);
    writer.stage(launch("batchNormBackwardSums", blocks, { dy, x, mean, partials, channels, width, rows, block }));
  }
  const places = { dy, x, mean, variance, scaleGradient, offsetGradient };
  writer.stage(launch("batchNormGradients", combiningTasks, { ...places, ...combining, epsilon }));
};

export const batchNormBackwardInput: OpEncoder = (op, writer) => {
  const [dy, x, mean, variance, scaleGradient, offsetGradient, gamma] = op.inputs;
  const { epsilon } = attributesOf("batchNormBackwardInput", op);
  const wide = wideRowsOf(x!.shape);
  const { args, tasks } = wideBlocks(wide);
  writer.scratch(4 * wide.width * 4 + 64);
  writer.stage(
    launch("batchNormBackwardInput", tasks, {
      dy: dy!.address,
      x: x!.address,
      mean: mean!.address,
      variance: variance!.address,
      scaleGradient: scaleGradient!.address,
      offsetGradient: offsetGradient!.address,
      gamma: gamma?.address ?? 0,
      dx: op.outputs[0]!.address,
      ...args,
      epsilon,
      share: 1 / wide.rows,
    }),
  );
};
