import { BackendUnavailableError } from "@convoy/core";
import type * as layers from "@tensorflow/tfjs-layers";
import { type NetworkStep, networkSteps } from "../networks/steps.js";
import { buildModel } from "../training/workload.js";
import type { PeerWorkload } from "./peer.js";
import type { Tfjs } from "./tfjsLibrary.js";

type TfjsLayer = layers.layers.Layer;

/** Its function for each of Keras' classes; options have the same names in both libraries. */
const makers: Readonly<Record<string, keyof typeof layers.layers>> = {
  Activation: "activation",
  Add: "add",
  AveragePooling2D: "averagePooling2d",
  BatchNormalization: "batchNormalization",
  Conv2D: "conv2d",
  Dense: "dense",
  DepthwiseConv2D: "depthwiseConv2d",
  Dropout: "dropout",
  Flatten: "flatten",
  GlobalAveragePooling2D: "globalAveragePooling2d",
  MaxPooling2D: "maxPooling2d",
  ReLU: "reLU",
  Reshape: "reshape",
  ZeroPadding2D: "zeroPadding2d",
};

/** The same network in TensorFlow.js, with the same first weights. Throws for a layer that is not translated. */
export function buildTfjsModel({ core, layers: tfl }: Tfjs, workload: PeerWorkload): layers.LayersModel {
  const tensors = new Map<string, layers.SymbolicTensor>();
  const weighted: { layer: TfjsLayer; values: PeerWorkload["weights"] }[] = [];
  const steps = networkSteps(buildModel(workload));
  let taken = 0;
  for (const step of steps) {
    if (step.className === "InputLayer") {
      tensors.set(step.name, tfl.input({ shape: [...(step.config.shape as number[])] }));
      continue;
    }
    const layer = makeLayer(tfl, step);
    const inputs = step.inputs.map((name) => tensors.get(name) as layers.SymbolicTensor);
    tensors.set(step.name, layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as layers.SymbolicTensor);
    if (step.weights > 0) {
      weighted.push({ layer, values: workload.weights.slice(taken, taken + step.weights) });
      taken += step.weights;
    }
  }
  const network = tfl.model({
    inputs: tensors.get(steps[0]!.name)!,
    outputs: tensors.get(steps.at(-1)!.name)!,
  });
  for (const { layer, values } of weighted) {
    const given = values.map(({ data, shape }) => core.tensor(data, [...shape]));
    layer.setWeights(given);
    core.dispose(given);
  }
  network.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return network;
}

function makeLayer(tfl: Tfjs["layers"], { className, name, config }: NetworkStep): TfjsLayer {
  const maker = makers[className];
  if (maker === undefined) {
    throw new BackendUnavailableError(`TensorFlow.js has no counterpart of the layer ${name} (${className})`);
  }
  // Initializers are named in another way there, and the weights are given.
  const options = Object.fromEntries(Object.entries(config).filter(([key]) => !/Initializer$|^inputShape$/.test(key)));
  const make = tfl.layers[maker] as unknown as (options: object) => TfjsLayer;
  return make({ ...options, name });
}
