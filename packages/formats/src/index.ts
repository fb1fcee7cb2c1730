/**
 * Model files of others: Keras, TensorFlow.js, safetensors, PyTorch and ONNX.
 *
 * @module
 */
export { ModelFileError } from "@convoy/core";
export type { FileMap, FileSource, ReadableStore } from "./files/sources.js";
export { loadModel, loadWeights } from "./loadModel.js";
export { type ReadOnnxOptions, readOnnx } from "./onnx/readOnnx.js";
export { type WriteOnnxOptions, writeOnnx } from "./onnx/writing/writeOnnx.js";
export type { LoadOptions } from "./options.js";
export * as applications from "./pretrained/applications.js";
export { type ExtractFeaturesOptions, extractFeatures, type Features } from "./pretrained/extractFeatures.js";
export { type ReadPytorchOptions, readPytorch, type StateDict } from "./pytorch/readPytorch.js";
export { type SaveModelOptions, saveModel } from "./saveModel.js";
export type { ModuleNames } from "./torch/moduleNames.js";
export { readSafetensors, readStateDict, writeSafetensors } from "./torch/safetensors.js";
export {
  type LoadedStateDict,
  type LoadStateDictOptions,
  loadStateDict,
  type ToStateDictOptions,
  toStateDict,
} from "./torch/stateDict.js";
