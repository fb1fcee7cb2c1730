import { ArgumentError, applications as core, type Model, ModelFileError } from "@convoy/core";
import { type DatasetOptions, type DownloadableFile, publishedFile } from "@convoy/core/datasets";
import type { FileSource } from "../files/sources.js";
import { readStateDict } from "../torch/safetensors.js";
import { loadStateDict } from "../torch/stateDict.js";
import { kerasWeights, mobileNetV4Weights, mobileNetWeights, resnet18Weights } from "./published.js";
import { loadTrainedWeights } from "./weightsFile.js";

export { decodePredictions, type ImageNetGuess } from "./decodePredictions.js";
export { preprocessInput } from "./preprocessInput.js";

/** Where trained weights come from, beside the options of the network. */
export interface PretrainedOptions {
  /**
   * "imagenet" downloads what Keras or timm publish, once; else a file of the network's weights: a path, an address or bytes, of any
   * format that is read.
   */
  readonly weights: "imagenet" | FileSource;
  /** Folders, cache, mirrors and progress of downloads, as for data sets. */
  readonly download?: DatasetOptions;
}

/** A network with random weights at once, or with trained ones when they are there. */
export interface Application<Options extends object> {
  (options?: Options): Model;
  (options: Omit<Options, "weights"> & PretrainedOptions): Promise<Model>;
}

type NetworkOptions = core.ApplicationOptions;

/** The published file for some options; undefined where there is none. */
type Published<Options> = (options: Options) => DownloadableFile | undefined;

/** Loads a published file into a network. */
type Load = (model: Model, bytes: Uint8Array) => Promise<void>;

function application<Options extends NetworkOptions>(
  label: string,
  build: (options: Options) => Model,
  published: Published<Options>,
  load: Load = loadTrainedWeights,
): Application<Options> {
  const make = (options: Partial<PretrainedOptions> & object = {}): Model | Promise<Model> => {
    const { weights, download, ...own } = options;
    if (weights === undefined || weights === null) {
      return build(options as unknown as Options);
    }
    return trained({ label, build, published, load }, own as Options, weights, download);
  };
  return make as Application<Options>;
}

interface Network<Options> {
  readonly label: string;
  readonly build: (options: Options) => Model;
  readonly published: Published<Options>;
  readonly load: Load;
}

async function trained<Options extends NetworkOptions>(
  { label, build, published, load }: Network<Options>,
  options: Options,
  weights: "imagenet" | FileSource,
  download: DatasetOptions = {},
): Promise<Model> {
  if (weights !== "imagenet") {
    const model = build(options);
    await loadTrainedWeights(model, weights);
    return model;
  }
  const file = published(options);
  if (file === undefined) {
    throw new ArgumentError(
      `${label}: no weights trained on ImageNet are published for these options; pass the path, address or bytes of a file: ` +
        "{ weights: path }",
    );
  }
  const { includeTop = true, classes = 1000, classifierActivation = "softmax", inputShape } = options;
  if (includeTop && classes !== 1000) {
    throw new ArgumentError(
      `${label}: with weights "imagenet" and includeTop there are 1000 classes, got classes ${classes}`,
    );
  }
  if (includeTop && classifierActivation !== "softmax" && classifierActivation !== null) {
    throw new ArgumentError(`${label}: with weights "imagenet" classifierActivation is "softmax" or null`);
  }
  if (inputShape !== undefined && inputShape[2] !== 3) {
    throw new ArgumentError(`${label}: with weights "imagenet" images have 3 channels, got inputShape [${inputShape}]`);
  }
  const model = build(options);
  const { bytes } = await publishedFile(file, download);
  await load(model, bytes);
  return model;
}

/** A state dict of which a network without classifier leaves that out. */
async function loadWithoutUnused(model: Model, bytes: Uint8Array): Promise<void> {
  const { missing } = await loadStateDict(model, await readStateDict(bytes), { strict: false });
  if (missing.length > 0) {
    throw new ModelFileError(`the file lacks ${missing.slice(0, 5).join(", ")}; it is of another network`);
  }
}

const topOf = ({ includeTop = true }: NetworkOptions): boolean => includeTop;

/** VGG with 16 layers of weights; core's `applications.vgg16` with `weights`. */
export const vgg16: Application<NetworkOptions> = application("vgg16", core.vgg16, (options) =>
  kerasWeights("vgg16", topOf(options)),
);

/** VGG with 19 layers of weights; core's `applications.vgg19` with `weights`. */
export const vgg19: Application<NetworkOptions> = application("vgg19", core.vgg19, (options) =>
  kerasWeights("vgg19", topOf(options)),
);

/** Residual network with 18 layers; core's `applications.resnet18` with `weights`, of timm for "imagenet". */
export const resnet18: Application<NetworkOptions> = application(
  "resnet18",
  core.resnet18,
  () => resnet18Weights,
  loadWithoutUnused,
);

/** Residual network with 50 layers; core's `applications.resnet50` with `weights`. */
export const resnet50: Application<NetworkOptions> = application("resnet50", core.resnet50, (options) =>
  kerasWeights("resnet50", topOf(options)),
);

/** Residual network with 20 layers for CIFAR; core's `applications.resnet20Cifar` with `weights`, a file. */
export const resnet20Cifar: Application<NetworkOptions> = application(
  "resnet20Cifar",
  core.resnet20Cifar,
  () => undefined,
);

/** MobileNetV2; core's `applications.mobileNetV2` with `weights`: "imagenet" for alpha 0.35, 0.5, 0.75, 1, 1.3 and 1.4. */
export const mobileNetV2: Application<core.MobileNetV2Options> = application<core.MobileNetV2Options>(
  "mobileNetV2",
  core.mobileNetV2,
  ({ alpha = 1, inputShape = [224, 224, 3], ...options }) =>
    mobileNetWeights(alpha, inputShape[0] === inputShape[1] ? inputShape[0]! : 224, topOf(options)),
);

/** MobileNetV4-Conv-Small; core's `applications.mobileNetV4ConvSmall` with `weights`, of timm for "imagenet". */
export const mobileNetV4ConvSmall: Application<NetworkOptions> = application(
  "mobileNetV4ConvSmall",
  core.mobileNetV4ConvSmall,
  () => mobileNetV4Weights,
  loadWithoutUnused,
);

/** DenseNet with 121 layers; core's `applications.denseNet121` with `weights`. */
export const denseNet121: Application<NetworkOptions> = application("denseNet121", core.denseNet121, (options) =>
  kerasWeights("densenet121", topOf(options)),
);

/** SqueezeNet; core's `applications.squeezeNet` with `weights`, a file. */
export const squeezeNet: Application<core.SqueezeNetOptions> = application(
  "squeezeNet",
  core.squeezeNet,
  () => undefined,
);

/** LeNet-5; core's `applications.lenet5` with `weights`, a file. */
export const lenet5: Application<NetworkOptions> = application("lenet5", core.lenet5, () => undefined);
