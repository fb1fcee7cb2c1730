import { type AccuracyAttributes, accuracy, type TopKAccuracyAttributes, topKAccuracy } from "./accuracy.js";
import { add } from "./add.js";
import { type AffineAttributes, affine } from "./affine.js";
import { type AllReduceAttributes, allReduce } from "./allReduce.js";
import { averagePool2d, averagePool2dBackward } from "./averagePool2d.js";
import {
  type BatchNormBackwardInputAttributes,
  type BatchNormBackwardSumsAttributes,
  batchNorm,
  batchNormBackwardInput,
  batchNormBackwardSums,
} from "./batchNorm.js";
import { biasAdd, biasAddBackward } from "./biasAdd.js";
import { type ClipByNormAttributes, type ClipByValueAttributes, clipByNorm, clipByValue } from "./clip.js";
import { adjustContrast, adjustHsv, scaleChannels, type ValueRangeAttributes } from "./colors.js";
import { type ConcatAttributes, concat } from "./concat.js";
import { type ConstrainNormAttributes, constrainNorm, nonNegative } from "./constraints.js";
import { type Conv2dAttributes, conv2d } from "./conv2d.js";
import { type Conv2dBackwardFilterAttributes, conv2dBackwardFilter } from "./conv2dBackwardFilter.js";
import { type Conv2dBackwardInputAttributes, conv2dBackwardInput } from "./conv2dBackwardInput.js";
import type { OpDefinition } from "./definition.js";
import { depthwiseConv2d, depthwiseConv2dBackwardFilter, depthwiseConv2dBackwardInput } from "./depthwiseConv2d.js";
import { channelDropout, type DropoutAttributes, dropout } from "./dropout.js";
import {
  type GroupNormAttributes,
  type GroupNormBackwardInputAttributes,
  type GroupNormBackwardSumsAttributes,
  groupNorm,
  groupNormBackwardInput,
  groupNormBackwardSums,
} from "./groupNorm.js";
import { labelHistogram } from "./labelHistogram.js";
import { type MatMulAttributes, matMul } from "./matMul.js";
import { type MaximumBackwardAttributes, maximum, maximumBackward } from "./maximum.js";
import { maxPool2d, maxPool2dBackward, type Pool2dAttributes, type Pool2dBackwardAttributes } from "./maxPool2d.js";
import { meanSquaredError, meanSquaredErrorBackward } from "./meanSquaredError.js";
import { type MovingAverageAttributes, movingAverage } from "./movingAverage.js";
import { multiply } from "./multiply.js";
import { gaussianDropout, gaussianNoise, type NoiseAttributes } from "./noise.js";
import type { NormAttributes } from "./normalization.js";
import { type NormalizeBackwardInputAttributes, normalize, normalizeBackwardInput } from "./normalize.js";
import {
  type AdagradUpdateAttributes,
  type AdamUpdateAttributes,
  adagradUpdate,
  adamUpdate,
  type DecayWeightsAttributes,
  decayWeights,
  type LionUpdateAttributes,
  lionUpdate,
  type NadamUpdateAttributes,
  nadamUpdate,
  type RmspropUpdateAttributes,
  rmspropUpdate,
  type SgdUpdateAttributes,
  sgdUpdate,
} from "./optimizerUpdates.js";
import { type PadAttributes, pad } from "./pad.js";
import { type PenaltyAttributes, penalty, penaltyBackward } from "./penalty.js";
import { type FillBoxesAttributes, type FilterAxisAttributes, fillBoxes, filterAxis, mixRows } from "./regions.js";
import { type ReshapeAttributes, reshape } from "./reshape.js";
import { type Resize2dAttributes, type Resize2dBackwardAttributes, resize2d, resize2dBackward } from "./resize2d.js";
import { type GatherRowsAttributes, gatherRows, storeRows } from "./rows.js";
import { sigmoidCrossEntropy, sigmoidCrossEntropyBackward } from "./sigmoidCrossEntropy.js";
import { softmax, softmaxBackward } from "./softmax.js";
import {
  type LossBackwardAttributes,
  type SoftmaxCrossEntropyAttributes,
  type SoftmaxCrossEntropyBackwardAttributes,
  softmaxCrossEntropy,
  softmaxCrossEntropyBackward,
} from "./softmaxCrossEntropy.js";
import { type TransposeAttributes, transpose } from "./transpose.js";
import { type UnaryAttributes, unary, unaryBackward } from "./unary.js";
import { type Warp2dAttributes, warp2d } from "./warp2d.js";
import { weightedMean, weightedMeanBackward } from "./weightedMean.js";

type None = Record<never, never>;

/** Every op and the type of its attributes. A new op gets a line here and one in `ops` below. */
export interface OpAttributes {
  conv2d: Conv2dAttributes;
  conv2dBackwardInput: Conv2dBackwardInputAttributes;
  conv2dBackwardFilter: Conv2dBackwardFilterAttributes;
  biasAdd: None;
  biasAddBackward: None;
  maxPool2d: Pool2dAttributes;
  maxPool2dBackward: Pool2dBackwardAttributes;
  averagePool2d: Pool2dAttributes;
  averagePool2dBackward: Pool2dBackwardAttributes;
  reshape: ReshapeAttributes;
  matMul: MatMulAttributes;
  unary: UnaryAttributes;
  unaryBackward: UnaryAttributes;
  affine: AffineAttributes;
  allReduce: AllReduceAttributes;
  softmax: None;
  softmaxBackward: None;
  add: None;
  multiply: None;
  maximum: None;
  maximumBackward: MaximumBackwardAttributes;
  concat: ConcatAttributes;
  pad: PadAttributes;
  transpose: TransposeAttributes;
  resize2d: Resize2dAttributes;
  resize2dBackward: Resize2dBackwardAttributes;
  dropout: DropoutAttributes;
  channelDropout: DropoutAttributes;
  gaussianNoise: NoiseAttributes;
  gaussianDropout: NoiseAttributes;
  softmaxCrossEntropy: SoftmaxCrossEntropyAttributes;
  softmaxCrossEntropyBackward: SoftmaxCrossEntropyBackwardAttributes;
  sigmoidCrossEntropy: None;
  sigmoidCrossEntropyBackward: LossBackwardAttributes;
  meanSquaredError: None;
  meanSquaredErrorBackward: LossBackwardAttributes;
  weightedMean: None;
  weightedMeanBackward: LossBackwardAttributes;
  penalty: PenaltyAttributes;
  penaltyBackward: PenaltyAttributes;
  accuracy: AccuracyAttributes;
  topKAccuracy: TopKAccuracyAttributes;
  labelHistogram: None;
  gatherRows: GatherRowsAttributes;
  storeRows: None;
  sgdUpdate: SgdUpdateAttributes;
  rmspropUpdate: RmspropUpdateAttributes;
  adamUpdate: AdamUpdateAttributes;
  clipByValue: ClipByValueAttributes;
  clipByNorm: ClipByNormAttributes;
  depthwiseConv2d: Conv2dAttributes;
  depthwiseConv2dBackwardInput: Conv2dBackwardInputAttributes;
  depthwiseConv2dBackwardFilter: Conv2dBackwardFilterAttributes;
  batchNorm: NormAttributes;
  batchNormBackwardSums: BatchNormBackwardSumsAttributes;
  batchNormBackwardInput: BatchNormBackwardInputAttributes;
  normalize: NormAttributes;
  normalizeBackwardInput: NormalizeBackwardInputAttributes;
  groupNorm: GroupNormAttributes;
  groupNormBackwardSums: GroupNormBackwardSumsAttributes;
  groupNormBackwardInput: GroupNormBackwardInputAttributes;
  movingAverage: MovingAverageAttributes;
  adagradUpdate: AdagradUpdateAttributes;
  nadamUpdate: NadamUpdateAttributes;
  lionUpdate: LionUpdateAttributes;
  decayWeights: DecayWeightsAttributes;
  constrainNorm: ConstrainNormAttributes;
  nonNegative: None;
  warp2d: Warp2dAttributes;
  scaleChannels: ValueRangeAttributes;
  adjustContrast: ValueRangeAttributes;
  adjustHsv: ValueRangeAttributes;
  fillBoxes: FillBoxesAttributes;
  mixRows: None;
  filterAxis: FilterAxisAttributes;
}

/** The ops of the registry: what a plan is made of, fused ops aside. */
export type OpName = keyof OpAttributes;

/** The definition of every op. */
export const ops: { readonly [N in OpName]: OpDefinition<OpAttributes[N]> } = {
  conv2d,
  conv2dBackwardInput,
  conv2dBackwardFilter,
  biasAdd,
  biasAddBackward,
  maxPool2d,
  maxPool2dBackward,
  averagePool2d,
  averagePool2dBackward,
  reshape,
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
  warp2d,
  scaleChannels,
  adjustContrast,
  adjustHsv,
  fillBoxes,
  mixRows,
  filterAxis,
};

/** The ops that a backend executes: all but `reshape`, which lowering resolves. */
export type KernelName = Exclude<OpName, "reshape">;

/** Names of the ops that a backend executes. */
export const kernelNames: readonly KernelName[] = (Object.keys(ops) as OpName[]).filter((name) => name !== "reshape");
