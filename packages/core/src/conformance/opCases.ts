import { accuracyCases, topKAccuracyCases } from "../ops/accuracy.cases.js";
import { addCases } from "../ops/add.cases.js";
import { affineCases } from "../ops/affine.cases.js";
import { allReduceCases } from "../ops/allReduce.cases.js";
import { averagePool2dCases } from "../ops/averagePool2d.cases.js";
import { batchNormCases } from "../ops/batchNorm.cases.js";
import { biasAddCases } from "../ops/biasAdd.cases.js";
import { clipByNormCases, clipByValueCases } from "../ops/clip.cases.js";
import { adjustContrastCases, adjustHsvCases, scaleChannelsCases } from "../ops/colors.cases.js";
import { concatCases } from "../ops/concat.cases.js";
import { constrainNormCases, nonNegativeCases } from "../ops/constraints.cases.js";
import { conv2dCases } from "../ops/conv2d.cases.js";
import { conv2dBackwardInputCases } from "../ops/conv2dBackwardInput.cases.js";
import { depthwiseConv2dCases } from "../ops/depthwiseConv2d.cases.js";
import { channelDropoutCases, dropoutCases } from "../ops/dropout.cases.js";
import { groupNormCases } from "../ops/groupNorm.cases.js";
import { labelHistogramCases } from "../ops/labelHistogram.cases.js";
import { matMulCases } from "../ops/matMul.cases.js";
import { maximumCases } from "../ops/maximum.cases.js";
import { maxPool2dCases } from "../ops/maxPool2d.cases.js";
import { meanSquaredErrorCases } from "../ops/meanSquaredError.cases.js";
import { movingAverageCases } from "../ops/movingAverage.cases.js";
import { multiplyCases } from "../ops/multiply.cases.js";
import { gaussianDropoutCases, gaussianNoiseCases } from "../ops/noise.cases.js";
import { normalizeCases } from "../ops/normalize.cases.js";
import type { AnyOpCase } from "../ops/opCase.js";
import {
  adagradUpdateCases,
  adamUpdateCases,
  decayWeightsCases,
  lionUpdateCases,
  nadamUpdateCases,
  rmspropUpdateCases,
  sgdUpdateCases,
} from "../ops/optimizerUpdates.cases.js";
import { padCases } from "../ops/pad.cases.js";
import { penaltyCases } from "../ops/penalty.cases.js";
import { fillBoxesCases, filterAxisCases, mixRowsCases } from "../ops/regions.cases.js";
import { resize2dCases } from "../ops/resize2d.cases.js";
import { gatherRowsCases, storeRowsCases } from "../ops/rows.cases.js";
import { sigmoidCrossEntropyCases } from "../ops/sigmoidCrossEntropy.cases.js";
import { softmaxCases } from "../ops/softmax.cases.js";
import { softmaxCrossEntropyCases } from "../ops/softmaxCrossEntropy.cases.js";
import { transposeCases } from "../ops/transpose.cases.js";
import { unaryCases } from "../ops/unary.cases.js";
import { warp2dCases } from "../ops/warp2d.cases.js";
import { weightedMeanCases } from "../ops/weightedMean.cases.js";

/** Every op's cases. The backward ops are covered by the gradients of the forward ones. */
export const opCases: readonly AnyOpCase[] = [
  ...conv2dCases,
  ...biasAddCases,
  ...maxPool2dCases,
  ...averagePool2dCases,
  ...matMulCases,
  ...unaryCases,
  ...affineCases,
  ...allReduceCases,
  ...softmaxCases,
  ...addCases,
  ...multiplyCases,
  ...maximumCases,
  ...concatCases,
  ...padCases,
  ...transposeCases,
  ...resize2dCases,
  ...dropoutCases,
  ...channelDropoutCases,
  ...gaussianNoiseCases,
  ...gaussianDropoutCases,
  ...softmaxCrossEntropyCases,
  ...sigmoidCrossEntropyCases,
  ...meanSquaredErrorCases,
  ...weightedMeanCases,
  ...penaltyCases,
  ...accuracyCases,
  ...topKAccuracyCases,
  ...labelHistogramCases,
  ...gatherRowsCases,
  ...storeRowsCases,
  ...sgdUpdateCases,
  ...rmspropUpdateCases,
  ...adamUpdateCases,
  ...clipByValueCases,
  ...clipByNormCases,
  ...conv2dBackwardInputCases,
  ...depthwiseConv2dCases,
  ...batchNormCases,
  ...normalizeCases,
  ...groupNormCases,
  ...movingAverageCases,
  ...adagradUpdateCases,
  ...nadamUpdateCases,
  ...lionUpdateCases,
  ...decayWeightsCases,
  ...constrainNormCases,
  ...nonNegativeCases,
  ...warp2dCases,
  ...scaleChannelsCases,
  ...adjustContrastCases,
  ...adjustHsvCases,
  ...fillBoxesCases,
  ...mixRowsCases,
  ...filterAxisCases,
];
