import type { Backend } from "../../backend/index.js";
import { expectTrainingState } from "../../callbacks/expectTrainingState.js";
import { checkOptions } from "../../checkOption.js";
import { type CustomObjects, isConfig, type JsonValue } from "../../config.js";
import { ModelFileError } from "../../errors.js";
import type { Layer, SymbolicTensor } from "../../layers/layer.js";
import type { LayerWeights } from "../../layers/layerWeights.js";
import { sizeOf } from "../../ops/definition.js";
import { type ModelFile, parseModelFile } from "../../saving/modelFile.js";
import type { PlainData } from "../../saving/plainData.js";
import { type ModelSource, readSource, sourceName } from "../../saving/stores.js";
import type { Tensor } from "../../tensor.js";
import { networkOf } from "../declare/network.js";
import type { Model } from "../model.js";
import { readTopology } from "../topology/modelFromTopology.js";
import { compileOptions } from "./compileConfig.js";
import { fromFile } from "./fromFile.js";
import { readWeights } from "./readWeights.js";

/** Settings of `loadModel`. */
export interface LoadModelOptions {
  /**
   * What the model runs on. With it the model is compiled as it was when it was saved, and training goes on from there: pass
   * `resumeFrom: await model.getTrainingState()` to `fit`. Without it `compile` comes next.
   */
  readonly backend?: Backend;
  /** Makes layers, losses, optimizers and the like of your own from their configs, by class name. */
  readonly customObjects?: CustomObjects;
}

/**
 * A model from what `model.save` has written: layers, weights, and with `backend` what it was compiled with and how far it
 * was trained. Keras' `load_model`. Safe for files from anywhere: nothing in a file is run as code, and sizes are checked
 * before memory is taken. The type parameter says what `predict` gives, as for `model`: `loadModel<Tensor[]>(path)`.
 *
 * Throws `ModelFileError` that says what is wrong and where: a file that is not there, cut off or damaged, a class that is
 * neither Convoy's nor among `customObjects`.
 */
export async function loadModel<Outputs = Tensor<Float32Array>>(
  source: ModelSource,
  options: LoadModelOptions = {},
): Promise<Model<Outputs>> {
  const { backend, customObjects = {} } = checkOptions("loadModel", options, ["backend", "customObjects"]);
  const bytes = await readSource(source);
  return await fromFile(sourceName(source), async () => {
    const file = parseModelFile(bytes, backend !== undefined);
    const model = restoreModel(file, customObjects);
    if (backend !== undefined) {
      await restoreTraining(model, file.training, backend, customObjects);
    }
    return model as Model<Outputs>;
  });
}

function restoreModel(file: ModelFile, customObjects: CustomObjects): Model<unknown> {
  if (file.topology === undefined) {
    throw new ModelFileError(
      file.layers === undefined
        ? "this safetensors file was not written by Convoy, so it says of no model how it is built; build the model and call " +
            "loadWeights"
        : "the file has weights alone, as saveWeights writes; build the model and call loadWeights",
    );
  }
  const model = readTopology(file.topology, customObjects, weightsBudget(file));
  const network = networkOf(model);
  const values = readWeights(network, file, {});
  const byLayer = new Map<LayerWeights, Float32Array[]>();
  network.parameters.forEach(({ weights, index }, position) => {
    const own = byLayer.get(weights) ?? [];
    // What is read is a view of the file.
    own[index] = values[position]!.slice();
    byLayer.set(weights, own);
  });
  for (const [weights, own] of byLayer) {
    weights.replace(own);
  }
  return model;
}

/** Refuses layers that have more weights than the file holds, before they are put to work. */
function weightsBudget({
  tensors,
}: ModelFile): (layer: Layer, path: readonly string[], inputs: readonly SymbolicTensor[]) => void {
  let left = [...tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return (layer, path, inputs) => {
    if (layer.weights !== undefined) {
      return;
    }
    const shapes = inputs.map(({ shape }) => shape);
    let parameters: ReturnType<Layer["parameters"]>;
    try {
      parameters = layer.parameters(shapes[0] ?? [], shapes);
    } catch {
      // What does not fit is said when the layer is called.
      return;
    }
    left -= parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (!(left >= 0)) {
      throw new ModelFileError(
        `topology, layer ${path.join("/")}: the layers up to it have more weights than the file`,
      );
    }
  };
}

async function restoreTraining(
  model: Model<unknown>,
  training: PlainData | undefined,
  backend: Backend,
  customObjects: CustomObjects,
): Promise<void> {
  if (training === undefined) {
    model.compile({ backend });
    return;
  }
  const { compile, state } = isConfig(training as JsonValue)
    ? (training as { readonly [name: string]: PlainData })
    : {};
  model.compile(compileOptions(compile as JsonValue, backend, customObjects));
  if (state === undefined) {
    return;
  }
  const { parameters } = networkOf(model);
  const values = await model.getWeights();
  const weights = Object.fromEntries(parameters.map(({ path }, index) => [path, values[index]!]));
  await model.setTrainingState({ ...expectTrainingState(state), weights });
}
