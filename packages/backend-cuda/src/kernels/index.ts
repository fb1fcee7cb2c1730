import { type FusedName, type KernelName, type OpInstance, sizeOf } from "@convoy/core/backend";
import { accuracy, topKAccuracy } from "./accuracy.js";
import { biasAddBackward } from "./biasGradient.js";
import { clipByNorm, clipByValue } from "./clip.js";
import { conv2d, fusedConv2d, fusedDense, matMul } from "./convolution.js";
import {
  conv2dBackwardFilter,
  conv2dBackwardInput,
  fusedConv2dBackward,
  fusedDenseBackward,
} from "./convolutionBackward.js";
import { dropout } from "./dropout.js";
import {
  meanSquaredError,
  meanSquaredErrorBackward,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyBackward,
} from "./elementLosses.js";
import { add, biasAdd, unary, unaryBackward } from "./elementwise.js";
import type { OpKernel } from "./op.js";
import { adamUpdate, rmspropUpdate, sgdUpdate } from "./optimizers.js";
import { averagePool2d, averagePool2dBackward, maxPool2d, maxPool2dBackward } from "./pooling.js";
import { gatherRows, storeRows } from "./rows.js";
import { softmax, softmaxBackward } from "./softmax.js";
import { fusedSoftmaxLoss, softmaxCrossEntropy, softmaxCrossEntropyBackward } from "./softmaxCrossEntropy.js";

/** How every op runs. */
export const opKernels: { readonly [N in KernelName | FusedName]: OpKernel } = {
  conv2d,
  conv2dBackwardInput,
  conv2dBackwardFilter,
  biasAdd,
  biasAddBackward,
  maxPool2d,
  maxPool2dBackward,
  averagePool2d,
  averagePool2dBackward,
  matMul,
  unary,
  unaryBackward,
  softmax,
  softmaxBackward,
  add,
  dropout,
  softmaxCrossEntropy,
  softmaxCrossEntropyBackward,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyBackward,
  meanSquaredError,
  meanSquaredErrorBackward,
  accuracy,
  topKAccuracy,
  gatherRows,
  storeRows,
  sgdUpdate,
  rmspropUpdate,
  adamUpdate,
  clipByValue,
  clipByNorm,
  fusedConv2d,
  fusedConv2dBackward,
  fusedDense,
  fusedDenseBackward,
  fusedSoftmaxLoss,
};

/** Index arithmetic in the kernels is 32-bit; data sets are the exception. */
const mostElements = 2 ** 31 - 1;

/** True, or the reason why an op cannot run on a CUDA device. */
export function supportsOp(op: OpInstance): true | string {
  if (!Object.hasOwn(opKernels, op.op)) {
    return `the CUDA backend has no kernel for "${op.op}"`;
  }
  const isDataSet = op.op === "gatherRows" || op.op === "storeRows";
  const tensors = [op, ...(op.parts ?? [])].flatMap(({ inputs, outputs }) => [
    ...(isDataSet ? [] : inputs),
    ...outputs,
  ]);
  const largest = Math.max(0, ...tensors.map(({ shape }) => sizeOf(shape)));
  if (largest > mostElements) {
    return `a tensor of ${largest} elements is more than the CUDA kernels can index (${mostElements}); use a smaller batch`;
  }
  return opKernels[op.op].supports?.(op) ?? true;
}
