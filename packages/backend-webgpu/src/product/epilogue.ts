/**
 * What fused kernels do with a number before it leaves the registers: bias, normalization with given statistics, the sum with
 * another tensor, pooling where the kernel has it, then activation.
 */

import {
  addend,
  attributesOf,
  type BoundOp,
  chainParts,
  type OpAttributes,
  type PlanValue,
} from "@convoy/core/backend";
import { activateDeclaration } from "../wgsl/activation.js";
import { gammaAndBeta, inverseDeviation } from "../wgsl/normalization.js";
import { floats, mapped, reads, type TensorUse } from "../wgsl/shader.js";

/** gamma (x - mean) / sqrt(variance + epsilon) + beta, each a number a channel; without gamma 1, without beta 0. */
export interface Normalization {
  readonly mean: PlanValue;
  readonly variance: PlanValue;
  readonly gamma?: PlanValue;
  readonly beta?: PlanValue;
  readonly epsilon: number;
}

export interface Epilogue {
  readonly bias?: PlanValue;
  readonly normalization?: Normalization;
  /** Of the shape that results have before pooling. */
  readonly addend?: PlanValue;
  readonly activation?: OpAttributes["unary"];
}

/** The epilogue of a forward chain. */
export function epilogueOf(chain: BoundOp<PlanValue>): Epilogue {
  const { bias, normalization, addition, activation } = chainParts<BoundOp<PlanValue>>(chain);
  return {
    ...(bias ? { bias: bias.inputs[1]! } : {}),
    ...(normalization ? { normalization: normalizationOf(normalization) } : {}),
    ...(addition ? { addend: addend(chain, addition) } : {}),
    ...(activation ? { activation: attributesOf("unary", activation) } : {}),
  };
}

function normalizationOf(normalize: BoundOp<PlanValue>): Normalization {
  const [, mean, variance, ...vectors] = normalize.inputs;
  const attributes = attributesOf("normalize", normalize);
  return { mean: mean!, variance: variance!, ...gammaAndBeta(vectors, attributes), epsilon: attributes.epsilon };
}

/** The functions that the code calls, for results in vectors of `width` channels. */
export function epilogueDeclarations({ normalization, activation }: Epilogue, width: 1 | 2 | 4): string {
  return `${normalization ? normalizedDeclaration(normalization, floats(width)) : ""}${activation ? activateDeclaration(activation) : ""}`;
}

function normalizedDeclaration({ gamma, beta, epsilon }: Normalization, type: string): string {
  const inverse = inverseDeviation("normVariance[channel]", epsilon);
  return `fn normalized(value: ${type}, channel: u32) -> ${type} {
  return (value - normMean[channel]) * ${gamma ? `(normGamma[channel] * ${inverse})` : inverse}${beta ? " + normBeta[channel]" : ""};
}
`;
}

/** The tensors that the code reads, in vectors. */
export function epilogueTensors(
  { bias, normalization, addend: other }: Epilogue,
  width: 1 | 2 | 4,
): Record<string, TensorUse> {
  const type = floats(width);
  const { mean, variance, gamma, beta } = normalization ?? {};
  return {
    ...(bias ? { bias: reads(bias, type) } : {}),
    ...(mean ? { normMean: reads(mean, type) } : {}),
    ...(variance ? { normVariance: reads(variance, type) } : {}),
    ...(gamma ? { normGamma: reads(gamma, type) } : {}),
    ...(beta ? { normBeta: reads(beta, type) } : {}),
    ...(other ? { addend: reads(other, type) } : {}),
  };
}

/**
 * What becomes of `value`, a vector of channels, before the activation: `channel` is the vector's number among the channels,
 * `place` among those of all results, which what is added has as well.
 */
export function composed(
  { bias, normalization, addend: other }: Epilogue,
  value: string,
  channel: string,
  place: string,
): string {
  const sum = bias ? `(${value} + bias[${channel}])` : value;
  const normal = normalization ? `normalized(${sum}, ${channel})` : sum;
  return other ? `(${normal} + addend[${place}])` : normal;
}

/** The activation of `value`, a name. */
export function activated({ activation }: Epilogue, value: string, width: 1 | 2 | 4): string {
  return activation ? mapped("activate", value, width) : value;
}
