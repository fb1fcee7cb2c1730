import { fusedNames, kernelNames } from "@convoy/core/backend";
import { expect, test } from "vitest";
import { kernels as cuda } from "../packages/backend-cuda/src/kernels/index.js";
import { kernels as wasm } from "../packages/backend-wasm/src/kernels/index.js";
import { kernels as webgpu } from "../packages/backend-webgpu/src/kernels/index.js";

/**
 * Ops that every backend has a kernel for. The conformance kit skips the cases of an op without one, so a kernel that gets lost
 * would show nowhere else. An op that core gains comes here when all backends have it.
 */
const established: readonly string[] = [
  ...["conv2d", "conv2dBackwardInput", "conv2dBackwardFilter", "biasAdd", "biasAddBackward", "maxPool2d"],
  ...["maxPool2dBackward", "averagePool2d", "averagePool2dBackward", "matMul", "unary", "unaryBackward"],
  ...["affine", "softmax", "softmaxBackward", "add", "multiply", "maximum", "maximumBackward", "concat"],
  ...["pad", "transpose", "resize2d", "resize2dBackward", "dropout", "channelDropout", "gaussianNoise"],
  ...["gaussianDropout", "softmaxCrossEntropy", "softmaxCrossEntropyBackward", "sigmoidCrossEntropy"],
  ...["sigmoidCrossEntropyBackward", "meanSquaredError", "meanSquaredErrorBackward", "weightedMean"],
  ...["weightedMeanBackward", "penalty", "penaltyBackward", "accuracy", "topKAccuracy", "labelHistogram"],
  ...["gatherRows", "storeRows", "sgdUpdate", "rmspropUpdate", "adamUpdate", "clipByValue", "clipByNorm"],
  ...["depthwiseConv2d", "depthwiseConv2dBackwardInput", "depthwiseConv2dBackwardFilter", "batchNorm"],
  ...["batchNormBackwardSums", "batchNormBackwardInput", "normalize", "normalizeBackwardInput", "groupNorm"],
  ...["groupNormBackwardSums", "groupNormBackwardInput", "movingAverage", "adagradUpdate", "nadamUpdate"],
  ...["lionUpdate", "decayWeights", "constrainNorm", "nonNegative", "warp2d", "scaleChannels"],
  ...["adjustContrast", "adjustHsv", "fillBoxes", "mixRows", "filterAxis", "allReduce"],
];

test.each(Object.entries({ cuda, webgpu, wasm }))("%s has lost no kernel", (_, kernels) => {
  expect(established.filter((name) => !(kernelNames as readonly string[]).includes(name))).toEqual([]);
  expect(established.filter((name) => !Object.hasOwn(kernels, name))).toEqual([]);
});

/** Backends with a kernel for every fused op. Where one gets lost its parts run in its place, slower and with the same numbers. */
test.each(Object.entries({ cuda, webgpu }))("%s has lost no fused kernel", (_, kernels) => {
  expect(fusedNames.filter((name) => !Object.hasOwn(kernels, name))).toEqual([]);
});
