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
import { conv2d } from "./conv2d.js";
import { conv2dBackwardFilter } from "./conv2dBackwardFilter.js";
import { conv2dBackwardInput } from "./conv2dBackwardInput.js";
import {
  depthwiseConv2d,
  depthwiseConv2dBackwardFilter,
  depthwiseConv2dBackwardInput,
  fusedDepthwiseConv2d,
} from "./depthwiseConv2d.js";
import { channelDropout, dropout } from "./dropout.js";
import { fusedBatchNorm } from "./fusedBatchNorm.js";
import { fusedBatchNormBackward } from "./fusedBatchNormBackward.js";
import { fusedConv2d } from "./fusedConv2d.js";
import { fusedConv2dBackward } from "./fusedConv2dBackward.js";
import { fusedConv2dBatchNorm } from "./fusedConv2dBatchNorm.js";
import { fusedDense } from "./fusedDense.js";
import { fusedDenseBackward } from "./fusedDenseBackward.js";
import { fusedGatherRows } from "./fusedGatherRows.js";
import { fusedSoftmaxLoss } from "./fusedSoftmaxLoss.js";
import { groupNorm, groupNormBackwardInput, groupNormBackwardSums } from "./groupNorm.js";
import { labelHistogram } from "./labelHistogram.js";
import { matMul } from "./matMul.js";
import { maximum, maximumBackward } from "./maximum.js";
import { maxPool2d, maxPool2dBackward } from "./maxPool2d.js";
import { meanSquaredError, meanSquaredErrorBackward } from "./meanSquaredError.js";
import { movingAverage } from "./movingAverage.js";
import { multiply } from "./multiply.js";
import { gaussianDropout, gaussianNoise } from "./noise.js";
import { normalize, normalizeBackwardInput } from "./normalize.js";
import type { OpKernel } from "./opKernel.js";
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
import { softmaxCrossEntropy, softmaxCrossEntropyBackward } from "./softmaxCrossEntropy.js";
import { transpose } from "./transpose.js";
import { unary, unaryBackward } from "./unary.js";
import { warp2d } from "./warp2d.js";
import { weightedMean, weightedMeanBackward } from "./weightedMean.js";

/** How every op runs. */
export const kernels: KernelTable<OpKernel> = {
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
  affine,
  allReduce,
  softmax,
  softmaxBackward,
  add,
  multiply,
  maximum,
  maximumBackward,
  concat,
  pad,
  transpose,
  resize2d,
  resize2dBackward,
  warp2d,
  scaleChannels,
  adjustContrast,
  adjustHsv,
  fillBoxes,
  mixRows,
  filterAxis,
  dropout,
  channelDropout,
  gaussianNoise,
  gaussianDropout,
  softmaxCrossEntropy,
  softmaxCrossEntropyBackward,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyBackward,
  meanSquaredError,
  meanSquaredErrorBackward,
  weightedMean,
  weightedMeanBackward,
  penalty,
  penaltyBackward,
  accuracy,
  topKAccuracy,
  labelHistogram,
  gatherRows,
  storeRows,
  sgdUpdate,
  rmspropUpdate,
  adamUpdate,
  clipByValue,
  clipByNorm,
  depthwiseConv2d,
  depthwiseConv2dBackwardInput,
  depthwiseConv2dBackwardFilter,
  batchNorm,
  batchNormBackwardSums,
  batchNormBackwardInput,
  normalize,
  normalizeBackwardInput,
  groupNorm,
  groupNormBackwardSums,
  groupNormBackwardInput,
  movingAverage,
  adagradUpdate,
  nadamUpdate,
  lionUpdate,
  decayWeights,
  constrainNorm,
  nonNegative,
  fusedGatherRows,
  fusedConv2d,
  fusedConv2dBackward,
  fusedDense,
  fusedDenseBackward,
  fusedSoftmaxLoss,
  fusedConv2dBatchNorm,
  fusedBatchNorm,
  fusedBatchNormBackward,
  fusedDepthwiseConv2d,
};
