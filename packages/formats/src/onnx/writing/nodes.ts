import { concat, pad, reshape, resize, transpose } from "./arranging.js";
import { affine, biasAdd, elementwise, softmax, unary } from "./functions.js";
import { groupNorm, normalize } from "./normalizations.js";
import { conv2d, depthwise, matMul, pooling, transposedConvolution } from "./products.js";
import type { NodeWriter } from "./step.js";

/** How each op is written. */
export const nodeWriters: { readonly [op: string]: NodeWriter } = {
  conv2d,
  depthwiseConv2d: depthwise,
  conv2dBackwardInput: transposedConvolution,
  maxPool2d: pooling("MaxPool"),
  averagePool2d: pooling("AveragePool"),
  matMul,
  biasAdd,
  add: elementwise("Add"),
  multiply: elementwise("Mul"),
  maximum: elementwise("Max"),
  affine,
  unary,
  softmax,
  normalize,
  groupNorm,
  reshape,
  concat,
  pad,
  transpose,
  resize2d: resize,
};
