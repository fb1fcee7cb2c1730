import type { TrainingState } from "../../callbacks/index.js";
import type { JsonValue } from "../../config.js";
import type { Layer } from "../../layers/index.js";
import type { WritableModelFile } from "../../saving/modelFile.js";
import type { PlainData } from "../../saving/plainData.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { Network } from "../declare/network.js";
import { modelTopology } from "../topology/modelTopology.js";
import { compileConfig } from "./compileConfig.js";
import { parameterKey } from "./parameterKey.js";

/** What is saved of how a model is trained. */
export interface SavedTraining {
  readonly settings: CompileSettings;
  readonly state: TrainingState;
}

/** The weights of a network as a file holds them. */
export function weightsPart(
  { layers, parameters }: Network,
  values: readonly Float32Array[],
): Pick<WritableModelFile, "layers" | "weights"> {
  const key = parameterKey(parameters);
  const names = new Map(parameters.map((parameter) => [key(parameter), parameter.path]));
  return {
    layers: layers
      .filter((layer) => layer.parameters.length > 0)
      .map((layer) => ({
        layer: layer.name,
        tensors: layer.parameters.map((parameter) => names.get(key(parameter))!),
      })),
    weights: new Map(parameters.map(({ path, shape }, index) => [path, { data: values[index]!, shape }])),
  };
}

/** A model as a file holds it. Throws `ArgumentError` for what does not say how it is made. */
export function modelFileOf(
  model: Layer,
  network: Network,
  values: readonly Float32Array[],
  training: SavedTraining | undefined,
): WritableModelFile {
  return {
    topology: modelTopology(model) as unknown as JsonValue,
    ...weightsPart(network, values),
    ...(training === undefined ? {} : { training: trainingPart(training) }),
  };
}

function trainingPart({ settings, state }: SavedTraining): PlainData {
  const compile = compileConfig(settings) as unknown as PlainData;
  const { optimizer, fit } = state;
  if (optimizer.iteration === 0 && optimizer.learningRate === undefined && fit === undefined) {
    // Nothing was trained yet: slots are as compile makes them.
    return { compile };
  }
  const { weights: _, ...rest } = state;
  return { compile, state: rest as unknown as PlainData };
}
