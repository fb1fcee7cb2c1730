import { attributesOf, type Shape } from "@convoy/core/backend";
import { launch, rowBlocks } from "../program/launch.js";
import type { OpEncoder, OpWriter } from "../program/opWriter.js";
import { gammaAndBeta } from "./normalize.js";
import { partialSums } from "./sumPartials.js";
import { wideRowOf } from "./wideRows.js";

/** Elements of one task where groups are runs: 32 KB; of a task that adds up by channel. */
const taskElements = 8192;
const sumElements = 16384;
/** Tasks that add up by channel over samples, at most: each leaves a row of sums. */
const maxSumTasks = 16;
/** Wide rows that are summed up in float32, before float64 goes on. */
const chunk = 256;

interface Sizes {
  readonly samples: number;
  readonly positions: number;
  readonly channels: number;
  readonly groups: number;
}

function sizesOf(shape: Shape, groups: number): Sizes {
  const positions = shape.slice(1, -1).reduce((product, size) => product * size, 1);
  return { samples: shape[0]!, positions, channels: shape[shape.length - 1]!, groups };
}

/** The arguments of kernels that go by samples, with scratch memory for so many tables. */
function sampleArguments(writer: OpWriter, { positions, channels, groups }: Sizes, epsilon: number, tables: number) {
  const width = wideRowOf(channels);
  writer.scratch(tables * width * 4 + groups * 16 + 64);
  return { positions, channels, groups, width, wideRows: Math.floor((positions * channels) / width), chunk, epsilon };
}

/** The arguments of kernels whose groups are runs of contiguous numbers, and their tasks. */
function runArguments({ samples, channels, groups }: Sizes, epsilon: number, target: number) {
  const [length, count] = [channels / groups, samples * groups];
  const { block, tasks } = rowBlocks(count, length, target);
  return { tasks, args: { length, groups, count, block, epsilon } };
}

export const groupNorm: OpEncoder = (op, writer) => {
  const [x, ...vectors] = op.inputs;
  const [y, mean, variance] = op.outputs;
  const attributes = attributesOf("groupNorm", op);
  const { groups, epsilon } = attributes;
  const sizes = sizesOf(x!.shape, groups);
  const places = {
    x: x!.address,
    ...gammaAndBeta(vectors, attributes),
    y: y!.address,
    mean: mean!.address,
    variance: variance!.address,
  };
  if (sizes.positions === 1) {
    const { tasks, args } = runArguments(sizes, epsilon, taskElements);
    writer.stage(launch("groupNormRuns", tasks, { ...places, ...args }));
    return;
  }
  const args = sampleArguments(writer, sizes, epsilon, 4);
  writer.stage(launch("groupNorm", sizes.samples, { ...places, ...args }));
};

export const groupNormBackwardSums: OpEncoder = (op, writer) => {
  const [dy, x, mean, variance] = op.inputs.map(({ address }) => address) as [number, number, number, number];
  const [scaleGradient, offsetGradient] = op.outputs.map(({ address }) => address) as [number, number];
  const { groups, epsilon } = attributesOf("groupNormBackwardSums", op);
  const sizes = sizesOf(op.inputs[1]!.shape, groups);
  const partialsOf = (tasks: number) => ({
    scale: partialSums(writer, tasks, sizes.channels, scaleGradient),
    offset: partialSums(writer, tasks, sizes.channels, offsetGradient),
  });
  const places = { dy, x, mean, variance };
  if (sizes.positions === 1 && groups === 1) {
    const { tasks, args } = runArguments(sizes, epsilon, sumElements);
    const { scale, offset } = partialsOf(tasks);
    writer.scratch(args.block * 4 + 64);
    const partials = { scalePartials: scale.address, offsetPartials: offset.address };
    writer.stage(launch("groupNormRunsBackwardSums", tasks, { ...places, ...partials, ...args }));
    writer.stage(...scale.finish, ...offset.finish);
    return;
  }
  const { samples } = sizes;
  const sampleBlock = Math.ceil(samples / maxSumTasks);
  const tasks = Math.ceil(samples / sampleBlock);
  const { scale, offset } = partialsOf(tasks);
  const partials = { scalePartials: scale.address, offsetPartials: offset.address };
  const args = sampleArguments(writer, sizes, epsilon, 6);
  writer.stage(launch("groupNormBackwardSums", tasks, { ...places, ...partials, samples, sampleBlock, ...args }));
  writer.stage(...scale.finish, ...offset.finish);
};

export const groupNormBackwardInput: OpEncoder = (op, writer) => {
  const [dy, x, mean, variance, gamma] = op.inputs;
  const { groups, epsilon } = attributesOf("groupNormBackwardInput", op);
  const sizes = sizesOf(x!.shape, groups);
  const places = {
    dy: dy!.address,
    x: x!.address,
    mean: mean!.address,
    variance: variance!.address,
    gamma: gamma?.address ?? 0,
    dx: op.outputs[0]!.address,
  };
  if (sizes.positions === 1) {
    const { tasks, args } = runArguments(sizes, epsilon, taskElements);
    writer.stage(launch("groupNormRunsBackwardInput", tasks, { ...places, ...args }));
    return;
  }
  const args = sampleArguments(writer, sizes, epsilon, 7);
  writer.stage(launch("groupNormBackwardInput", sizes.samples, { ...places, ...args }));
};
