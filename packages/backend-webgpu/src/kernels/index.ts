import type { KernelTable } from "@convoy/core/backend";
import { accuracy, topKAccuracy } from "./accuracy.js";
import { add } from "./add.js";
import { affine } from "./affine.js";
import { allReduce } from "./allReduce.js";
import { averagePool2d, averagePool2dBackward } from "./averagePool2d.js";
import { batchNorm, batchNormBackwardInput, batchNormBackwardSums } from "./batchNorm.js";
import { biasAdd, biasAddBackward } from "./biasAdd.js";
import { clipByNorm, clipByValue } from "./clip.js";
import { adjustContrast, adjustHsv, scaleChannels } from "./colors.js";
import { concat } from "./concat.js";
import { constrainNorm, nonNegative } from "./constraints.js";
import { conv2d, fusedConv2d } from "./conv2d.js";
import { conv2dBackwardFilter } from "./conv2dBackwardFilter.js";
import { conv2dBackwardInput } from "./conv2dBackwardInput.js";
import { depthwiseConv2d, depthwiseConv2dBackwardInput, fusedDepthwiseConv2d } from "./depthwiseConv2d.js";
import { depthwiseConv2dBackwardFilter } from "./depthwiseConv2dBackwardFilter.js";
import { channelDropout, dropout } from "./dropout.js";
import { fusedBatchNorm } from "./fusedBatchNorm.js";
import { fusedBatchNormBackward } from "./fusedBatchNormBackward.js";
import { fusedConv2dBackward } from "./fusedConv2dBackward.js";
import { fusedConv2dBatchNorm } from "./fusedConv2dBatchNorm.js";
import { fusedGatherRows } from "./fusedGatherRows.js";
import { groupNorm, groupNormBackwardInput, groupNormBackwardSums } from "./groupNorm.js";
import type { Kernel } from "./kernel.js";
import { labelHistogram } from "./labelHistogram.js";
import { fusedDense, fusedDenseBackward, matMul } from "./matMul.js";
import { maximum, maximumBackward } from "./maximum.js";
import { maxPool2d, maxPool2dBackward } from "./maxPool2d.js";
import { meanSquaredError, meanSquaredErrorBackward } from "./meanSquaredError.js";
import { movingAverage } from "./movingAverage.js";
import { multiply } from "./multiply.js";
import { gaussianDropout, gaussianNoise } from "./noise.js";
import { normalize, normalizeBackwardInput } from "./normalize.js";
import {
  adagradUpdate,
  adamUpdate,
  decayWeights,
  lionUpdate,
  nadamUpdate,
  rmspropUpdate,
  sgdUpdate,
} from "./optimizerUpdates.js";
import { pad } from "./pad.js";
import { penalty, penaltyBackward } from "./penalty.js";
import { fillBoxes, filterAxis, mixRows } from "./regions.js";
import { resize2d, resize2dBackward } from "./resize2d.js";
import { gatherRows, storeRows } from "./rows.js";
import { sigmoidCrossEntropy, sigmoidCrossEntropyBackward } from "./sigmoidCrossEntropy.js";
import { softmax, softmaxBackward } from "./softmax.js";
import { fusedSoftmaxLoss, softmaxCrossEntropy, softmaxCrossEntropyBackward } from "./softmaxCrossEntropy.js";
import { transpose } from "./transpose.js";
import { unary, unaryBackward } from "./unary.js";
import { warp2d } from "./warp2d.js";
import { weightedMean, weightedMeanBackward } from "./weightedMean.js";

/** The kernels by op, each for the attributes of its own op. An op without one is refused by `supports`. */
export const kernels: KernelTable<Kernel<never>> = {
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
  affine,
  allReduce,
  multiply,
  maximum,
  maximumBackward,
  weightedMean,
  weightedMeanBackward,
  penalty,
  penaltyBackward,
  resize2d,
  resize2dBackward,
  channelDropout,
  gaussianNoise,
  gaussianDropout,
  depthwiseConv2d,
  depthwiseConv2dBackwardInput,
  depthwiseConv2dBackwardFilter,
  concat,
  pad,
  transpose,
  batchNorm,
  batchNormBackwardSums,
  batchNormBackwardInput,
  groupNorm,
  groupNormBackwardSums,
  groupNormBackwardInput,
  normalize,
  normalizeBackwardInput,
  movingAverage,
  dropout,
  softmaxCrossEntropy,
  softmaxCrossEntropyBackward,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyBackward,
  meanSquaredError,
  meanSquaredErrorBackward,
  accuracy,
  topKAccuracy,
  labelHistogram,
  gatherRows,
  storeRows,
  sgdUpdate,
  rmspropUpdate,
  adamUpdate,
  adagradUpdate,
  nadamUpdate,
  lionUpdate,
  decayWeights,
  constrainNorm,
  nonNegative,
  clipByValue,
  clipByNorm,
  warp2d,
  scaleChannels,
  adjustContrast,
  adjustHsv,
  fillBoxes,
  mixRows,
  filterAxis,
  fusedBatchNorm,
  fusedBatchNormBackward,
  fusedConv2d,
  fusedConv2dBackward,
  fusedConv2dBatchNorm,
  fusedDepthwiseConv2d,
  fusedDense,
  fusedDenseBackward,
  fusedGatherRows,
  fusedSoftmaxLoss,
};
