import { attributesOf, type OpAttributes, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { ArgumentsOf, StructValues } from "./arguments/pack.js";
import { channelWalkBlocks } from "./channels.js";
import { type Launch, launch } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel } from "./opKernel.js";
import { rowsAndColumns } from "./rowSums.js";

export const normalize: OpKernel = {
  launches(op, context) {
    const attributes = attributesOf("normalize", op);
    const [x, mean, variance, ...vectors] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor, ...DeviceTensor[]];
    const tensors = { x, mean, variance, ...gammaAndBeta(vectors, attributes), y: op.outputs[0]! };
    return [normalizeLaunch(tensors, attributes.epsilon, context)];
  },
};

export const normalizeBackwardInput: OpKernel = {
  launches(op, { multiprocessors }) {
    const { epsilon } = attributesOf("normalizeBackwardInput", op);
    const [dy, variance, gamma] = op.inputs;
    const dx = op.outputs[0]!;
    const [, channels] = rowsAndColumns(dx.shape);
    const count = sizeOf(dx.shape);
    const grid = [channelWalkBlocks(count, channels, multiprocessors), 1] as const;
    const values = { dy, variance, gamma, dx, epsilon, byC: divisorOf(channels), count };
    return [launch("normalizeBackwardInput", grid, values)];
  },
};

type NormalizedTensors = Pick<ArgumentsOf<"normalize">, "mean" | "variance" | "gamma" | "beta" | "y"> & {
  readonly x: DeviceTensor;
};

/** The second half of `batchNorm` as well. */
export function normalizeLaunch(
  tensors: NormalizedTensors,
  epsilon: number,
  { multiprocessors }: LaunchContext,
): Launch {
  const [, channels] = rowsAndColumns(tensors.x.shape);
  const count = sizeOf(tensors.x.shape);
  const grid = [channelWalkBlocks(count, channels, multiprocessors), 1] as const;
  return launch("normalize", grid, { ...tensors, epsilon, byC: divisorOf(channels), count });
}

/** `normalize` as it runs where a sum ends; none leaves the sum as it is. */
export function outputNormalization(op: DeviceOp | undefined): StructValues<"Normalization"> {
  if (op === undefined) {
    return { mean: undefined, variance: undefined, gamma: undefined, beta: undefined, epsilon: 0 };
  }
  const attributes = attributesOf("normalize", op);
  const [, mean, variance, ...vectors] = op.inputs;
  return { mean, variance, ...gammaAndBeta(vectors, attributes), epsilon: attributes.epsilon };
}

/** Those that an op has among its last inputs. */
export function gammaAndBeta(
  vectors: readonly DeviceTensor[],
  { scale, center }: Pick<OpAttributes["normalize"], "scale" | "center">,
): { readonly gamma: DeviceTensor | undefined; readonly beta: DeviceTensor | undefined } {
  return { gamma: scale ? vectors[0] : undefined, beta: center ? vectors.at(-1) : undefined };
}
