import { attributesOf, sizeOf } from "@convoy/core/backend";
import { type Launch, launch } from "../program/launch.js";
import type { OpWriter, WasmOp } from "../program/opWriter.js";
import { gammaAndBeta } from "./normalize.js";

/** Channels of one task: a cache line of a vector. */
const taskChannels = 16;

/** A normalize behind a linear op, folded into its kernel and bias. */
export interface FoldedNormalization {
  /** What the kernel's output channels are multiplied with: gamma / sqrt(variance + epsilon). */
  readonly factors: { readonly variance: number; readonly gamma: number; readonly epsilon: number };
  /** Where the bias is that takes the place of bias, mean and beta, once `launch` has run. */
  readonly bias: number;
  readonly launch: Launch;
}

/** `bias` is the address of the linear op's own bias, or 0. */
export function foldNormalization(writer: OpWriter, normalize: WasmOp, bias: number): FoldedNormalization {
  const [, mean, variance, ...vectors] = normalize.inputs;
  const attributes = attributesOf("normalize", normalize);
  const channels = sizeOf(mean!.shape);
  const y = writer.workspace(channels * 4);
  const { gamma, beta } = gammaAndBeta(vectors, attributes);
  const factors = { variance: variance!.address, gamma, epsilon: attributes.epsilon };
  const args = { ...factors, bias, mean: mean!.address, beta, y, channels, block: taskChannels };
  return { factors, bias: y, launch: launch("foldedBias", Math.ceil(channels / taskChannels), args) };
}

/** A kernel [rows, channels] with the factors in it: where it is, and what writes it. */
export function foldedKernel(
  writer: OpWriter,
  { factors }: FoldedNormalization,
  kernel: number,
  rows: number,
  channels: number,
): { address: number; launch: Launch } {
  const y = writer.workspace(rows * channels * 4);
  const args = { ...factors, kernel, y, rows, channels, block: taskChannels };
  return { address: y, launch: launch("foldedKernel", Math.ceil(channels / taskChannels), args) };
}
