import { dense, globalAveragePooling2d, type Layer, maxPooling2d, zeroPadding2d } from "../layers/index.js";
import type { Model } from "../model/index.js";
import {
  type ApplicationDeclaration,
  type ApplicationOptions,
  buildApplication,
  checkApplication,
  through,
} from "./application.js";
import {
  basicBlock,
  bottleneckBlock,
  convolution,
  projection,
  relu,
  residualStages,
  type Stage,
  type Style,
  zeroChannels,
} from "./residualBlocks.js";

/** As in Keras. */
const kerasStyle: Style = { convolution: {}, normalization: { epsilon: 1.001e-5, momentum: 0.99 } };

/** As in the paper and in torchvision: no bias where a normalization follows. */
const paperStyle: Style = {
  convolution: { useBias: false, kernelInitializer: "heNormal" },
  normalization: { epsilon: 1e-5, momentum: 0.9 },
};

/** Each stage but the first halves the images. */
function stages(filters: readonly number[], blocks: readonly number[]): readonly Stage[] {
  return filters.map((count, index) => ({
    name: `conv${index + 2}`,
    filters: count,
    blocks: blocks[index]!,
    strides: index === 0 ? 1 : 2,
  }));
}

/** Table 1 of the paper, and its section 4.2 for CIFAR. */
const resnet18Stages = stages([64, 128, 256, 512], [2, 2, 2, 2]);
const resnet50Stages = stages([64, 128, 256, 512], [3, 4, 6, 3]);
const resnet20CifarStages = stages([16, 32, 64], [3, 3, 3]);

/** To a fourth of the size: 7x7 with strides 2, then pooling. */
function largeStem(style: Style): readonly Layer[] {
  return [
    zeroPadding2d({ padding: 3, name: "conv1_pad" }),
    ...convolution(style, "conv1", { filters: 64, kernelSize: 7, strides: 2 }),
    relu("conv1_relu"),
    zeroPadding2d({ padding: 1, name: "pool1_pad" }),
    maxPooling2d({ poolSize: 3, strides: 2, name: "pool1_pool" }),
  ];
}

/** What the networks share: the classifier, and the size of images that all but the smallest take. */
const shared = {
  inputShape: [224, 224, 3],
  minSize: 32,
  poolingNames: { avg: "avg_pool", max: "max_pool" },
  classify: (features, { classes, activation }) =>
    through(features, [
      globalAveragePooling2d({ name: "avg_pool" }),
      dense({ units: classes, activation, name: "predictions" }),
    ]),
} satisfies Partial<ApplicationDeclaration>;

/**
 * Residual network with 18 layers of weights (He et al., arXiv:1512.03385), as in torchvision: images of at least 32x32, default
 * [224,224,3]; 11,689,512 parameters and 9,600 moving statistics. Keras has no such network; names are like those of `resnet50`.
 * Throws `ArgumentError` for options that are unknown or out of range, and `ShapeError` for smaller images.
 */
export function resnet18(options: ApplicationOptions = {}): Model {
  checkApplication("resnet18", options);
  const block = basicBlock(paperStyle, projection(paperStyle));
  return buildApplication(
    {
      ...shared,
      label: "resnet18",
      name: "resnet18",
      features: (images) => residualStages(through(images, largeStem(paperStyle)), resnet18Stages, block),
    },
    options,
  );
}

/**
 * Residual network with 50 layers of weights: images of at least 32x32, default [224,224,3]; 25,636,712 parameters, 23,587,712
 * without the classifier. Keras' `ResNet50` with random weights. Throws like `resnet18`.
 */
export function resnet50(options: ApplicationOptions = {}): Model {
  checkApplication("resnet50", options);
  const block = bottleneckBlock(kerasStyle, projection(kerasStyle));
  return buildApplication(
    {
      ...shared,
      label: "resnet50",
      name: "resnet50",
      features: (images) => residualStages(through(images, largeStem(kerasStyle)), resnet50Stages, block),
    },
    options,
  );
}

/**
 * The paper's residual network with 20 layers for CIFAR: a first convolution of 3x3, shortcuts without parameters. Images of at
 * least 8x8, default [32,32,3]; 10 classes unless `classes` says otherwise; 269,722 parameters and 1,376 moving statistics. Keras
 * has no such network; names are like those of `resnet50`. Throws like `resnet18`.
 */
export function resnet20Cifar(options: ApplicationOptions = {}): Model {
  checkApplication("resnet20Cifar", options);
  const block = basicBlock(paperStyle, zeroChannels);
  return buildApplication(
    {
      ...shared,
      label: "resnet20Cifar",
      name: "resnet20_cifar",
      inputShape: [32, 32, 3],
      classes: 10,
      minSize: 8,
      features(images) {
        const stem = [
          ...convolution(paperStyle, "conv1", { filters: 16, kernelSize: 3, padding: "same" }),
          relu("conv1_relu"),
        ];
        return residualStages(through(images, stem), resnet20CifarStages, block);
      },
    },
    options,
  );
}
