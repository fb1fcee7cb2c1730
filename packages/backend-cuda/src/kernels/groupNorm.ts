import { attributesOf, type Shape, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { channelSums, channelSumsWorkspace } from "./channels.js";
import { blockWarps, launch } from "./launch.js";
import { gammaAndBeta } from "./normalize.js";
import type { DeviceTensor, OpKernel, Target } from "./opKernel.js";

/** Numbers of a group up to which a warp is enough for it. */
const maxWarpGroup = 1024;

export const groupNorm: OpKernel = {
  launches(op, context) {
    const attributes = attributesOf("groupNorm", op);
    const [x, ...vectors] = op.inputs as [DeviceTensor, ...DeviceTensor[]];
    const [y, mean, variance] = op.outputs as [DeviceTensor, DeviceTensor, DeviceTensor];
    const shape = groupShape(x.shape, attributes.groups);
    const { grid, suffix } = threadsOf(shape, context);
    const values = { x, ...gammaAndBeta(vectors, attributes), y, mean, variance, epsilon: attributes.epsilon, shape };
    return [launch("GROUP_NORM", grid, values, `groupNorm${suffix}`)];
  },
};

export const groupNormBackwardInput: OpKernel = {
  launches(op, context) {
    const { groups, epsilon } = attributesOf("groupNormBackwardInput", op);
    const [dy, x, mean, variance, gamma] = op.inputs;
    const dx = op.outputs[0]!;
    const shape = groupShape(dx.shape, groups);
    const { grid, suffix } = threadsOf(shape, context);
    const values = { dy, x, mean, variance, gamma, dx, epsilon, shape };
    return [launch("GROUP_NORM_BACKWARD_INPUT", grid, values, `groupNormBackwardInput${suffix}`)];
  },
};

export const groupNormBackwardSums: OpKernel = {
  ...channelSumsWorkspace,
  launches(op, context) {
    const { groups, epsilon } = attributesOf("groupNormBackwardSums", op);
    const [dy, x, mean, variance] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor, DeviceTensor];
    const [scaleGradient, offsetGradient] = op.outputs as [DeviceTensor, DeviceTensor];
    const { grid, values } = channelSums(x.shape, op, context);
    const tensors = { dy, x, mean, variance, scaleGradient, offsetGradient };
    const shape = groupShape(x.shape, groups);
    return [launch("groupNormBackwardSums", grid, { ...tensors, epsilon, shape, ...values })];
  },
};

/** Of a tensor [N,...,C]. */
function groupShape(shape: Shape, groups: number): StructValues<"GroupShape"> {
  const [samples, channels] = [shape[0]!, shape.at(-1)!];
  const positions = sizeOf(shape.slice(1, -1));
  const groupChannels = channels / groups;
  return {
    positions,
    C: channels,
    groups,
    byGroup: divisorOf(groupChannels),
    byGroups: divisorOf(groups),
    byPositions: divisorOf(positions),
    count: samples * groups,
    size: positions * groupChannels,
  };
}

/** A warp or a block for each group, by its size. */
function threadsOf(
  { count, size }: StructValues<"GroupShape">,
  { multiprocessors }: Target,
): { readonly grid: readonly [number, number]; readonly suffix: "Warp" | "Block" } {
  const most = multiprocessors * 8;
  return size <= maxWarpGroup
    ? { grid: [Math.min(Math.ceil(count / blockWarps), most), 1], suffix: "Warp" }
    : { grid: [Math.min(count, most), 1], suffix: "Block" };
}
