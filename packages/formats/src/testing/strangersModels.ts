import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { applications, layers, type Model, sequential, type Tensor } from "@convoy/core";
import { loadModel, loadWeights } from "../index.js";
import type { LoadOptions } from "../options.js";
import { expectedOf, reasonToSkip, testImages } from "./strangersFiles.js";

const folder = join(process.env.CONVOY_DATA_DIR ?? "", "models");

/** Every model of others whose predictions are known, by its file or folder. */
export const strangersNames: readonly string[] =
  reasonToSkip === undefined
    ? readdirSync(folder).flatMap((name) => /^(.*)\.expected\.json$/.exec(name)?.slice(1) ?? [])
    : [];

/** Two convolutions and dense layers, as in the PyTorch tutorials. */
function convolutional(
  shape: readonly number[],
  options: { kernel: number; padding: "same" | "valid"; filters: [number, number]; units: number[] },
): Model {
  const { kernel: kernelSize, padding, filters, units } = options;
  return sequential([
    layers.input({ shape }),
    layers.conv2d({ filters: filters[0], kernelSize, padding, activation: "relu" }),
    layers.maxPooling2d(),
    layers.conv2d({ filters: filters[1], kernelSize, padding, activation: "relu" }),
    layers.maxPooling2d(),
    layers.flatten(),
    ...units.map((count, index) =>
      layers.dense({ units: count, activation: index < units.length - 1 ? "relu" : "linear" }),
    ),
  ]);
}

const conv = (filters: number, kernelSize: number) => layers.conv2d({ filters, kernelSize, activation: "relu" });
const norm = () => layers.batchNormalization({ epsilon: 1e-5 });

/** The layers of files that hold tensors alone. */
export const stateDictModels: Readonly<Record<string, () => Model>> = {
  "mnist-cnn-pytorch-81.pth": () =>
    convolutional([28, 28, 1], { kernel: 3, padding: "same", filters: [32, 64], units: [128, 10] }),
  "cifar10-lenet-legacy-83.pth": () =>
    convolutional([32, 32, 3], { kernel: 5, padding: "valid", filters: [6, 16], units: [120, 84, 10] }),
  "cifar10-resnet20-checkpoint-85.th": () => applications.resnet20Cifar({ classifierActivation: null }),
  "mnist-cnn-71.safetensors": () =>
    sequential([
      layers.input({ shape: [28, 28, 1] }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 10, kernelSize: 3, padding: "same", activation: "relu" }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 10, activation: "logSoftmax" }),
    ]),
  "mnist-cnn-bn-tinygrad-73.safetensors": () =>
    sequential([
      layers.input({ shape: [28, 28, 1] }),
      ...[conv(32, 5), conv(32, 5), norm(), layers.maxPooling2d()],
      ...[conv(64, 3), conv(64, 3), norm(), layers.maxPooling2d()],
      ...[layers.flatten(), layers.dense({ units: 10 })],
    ]),
};

interface Architecture {
  readonly architecture?: LoadOptions["architecture"];
  readonly architectureFile?: string;
}

/** A model of others, whatever its format, with what must be given beside the file. */
export async function loadStranger(name: string, options: LoadOptions = {}): Promise<Model> {
  const path = join(folder, name);
  const make = stateDictModels[name];
  if (make !== undefined) {
    const made = make();
    await loadWeights(made, path);
    return made;
  }
  const { architecture, architectureFile } = expectedOf(name) as Architecture;
  const given = architectureFile === undefined ? architecture : readFileSync(join(folder, architectureFile), "utf8");
  const inputShape = expectedOf(name).shape.slice(1);
  return await loadModel(path, { ...options, ...(given === undefined ? {} : { architecture: given, inputShape }) });
}

/** Samples for a model of others, as many as predictions are known for, in the order of axes in which it takes them. */
export function strangersSamples(name: string, model: Model): Tensor<Float32Array> {
  const { input, shape, predictions } = expectedOf(name);
  const count = predictions.length;
  const size = shape.slice(1).reduce((product, length) => product * length, count);
  const data = input.startsWith("x[i] = sin(i)")
    ? Float32Array.from({ length: size }, (_, i) => Math.sin(i))
    : testImages(input, count).images.data;
  return { data, shape: [count, ...model.inputs[0]!.shape] };
}
