import type { FusedName, KernelName } from "@convoy/core/backend";
import type { OpEncoder } from "../program/opWriter.js";
import { conv2dBackwardFilter, conv2dBackwardInput, fusedConv2dBackward } from "./convBackward.js";
import { conv2d, fusedConv2d } from "./convForward.js";
import { fusedDense, fusedDenseBackward, matMul } from "./dense.js";
import { add, biasAdd, clipByValue, dropout } from "./elementwise.js";
import {
  accuracy,
  fusedSoftmaxLoss,
  meanSquaredError,
  meanSquaredErrorBackward,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyBackward,
  softmax,
  softmaxBackward,
  softmaxCrossEntropy,
  softmaxCrossEntropyBackward,
} from "./losses.js";
import { adamUpdate, rmspropUpdate, sgdUpdate } from "./optimizers.js";
import { averagePool2d, averagePool2dBackward, maxPool2d, maxPool2dBackward } from "./pool.js";
import { gatherRows, storeRows } from "./rows.js";
import { biasAddBackward, clipByNorm } from "./sums.js";
import { unary, unaryBackward } from "./unary.js";

/** How each op becomes phases. */
export const opEncoders: { readonly [N in KernelName | FusedName]: OpEncoder } = {
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
  topKAccuracy: accuracy,
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
