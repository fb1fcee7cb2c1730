export type { NestedNumbers, TensorInput } from "../tensorInput.js";
export type { ClassWeight } from "./data/checkData.js";
export type { ModelData } from "./data/modelSamples.js";
export { type ForwardOp, type ForwardPass, type ForwardTensor, forwardPass } from "./declare/forwardPass.js";
export type { PerOutput } from "./declare/perPort.js";
export type { CompileConfig, OutputCompileConfig } from "./files/compileConfig.js";
export type { SaveOptions, SaveWeightsOptions } from "./files/deliver.js";
export { type LoadModelOptions, loadModel } from "./files/loadModel.js";
export type { LoadWeightsOptions } from "./files/readWeights.js";
export { type ModelOptions, model, type Predictions } from "./functional.js";
export { Model } from "./model.js";
export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  PlanOptions,
  PredictOptions,
  TrainOnBatchOptions,
} from "./options.js";
export {
  type BackendCandidate,
  type BackendChoice,
  type BackendFactory,
  type PickBackendOptions,
  pickBackend,
} from "./pickBackend.js";
export type { History } from "./run/fit.js";
export { Sequential, type SequentialOptions, sequential } from "./sequential.js";
export { layerFromConfig, modelFromTopology, type TopologyOptions } from "./topology/modelFromTopology.js";
export { modelTopology } from "./topology/modelTopology.js";
export type {
  CallTopology,
  FunctionalConfig,
  LayerTopology,
  ModelConfig,
  ModelTopology,
  SequentialConfig,
  TensorReference,
  TensorReferences,
} from "./topology/topology.js";
