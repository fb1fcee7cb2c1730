import { kernelNames } from "@convoy/core/backend";
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
  ...["maxPool2dBackward", "averagePool2d", "averagePool2dBackward", "matMul", "unary", "unaryBackward", "softmax"],
  ...["softmaxBackward", "add", "dropout", "softmaxCrossEntropy", "softmaxCrossEntropyBackward", "sigmoidCrossEntropy"],
  ...["sigmoidCrossEntropyBackward", "meanSquaredError", "meanSquaredErrorBackward", "accuracy", "topKAccuracy"],
  ...["gatherRows", "storeRows", "sgdUpdate", "rmspropUpdate", "adamUpdate", "clipByValue", "clipByNorm"],
];

test.each(Object.entries({ cuda, webgpu, wasm }))("%s has lost no kernel", (_, kernels) => {
  expect(established.filter((name) => !(kernelNames as readonly string[]).includes(name))).toEqual([]);
  expect(established.filter((name) => !Object.hasOwn(kernels, name))).toEqual([]);
});
