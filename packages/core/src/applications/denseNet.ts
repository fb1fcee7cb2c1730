import {
  activation as activationLayer,
  averagePooling2d,
  batchNormalization,
  concatenate,
  conv2d,
  dense,
  globalAveragePooling2d,
  type Layer,
  maxPooling2d,
  zeroPadding2d,
} from "../layers/index.js";
import type { SymbolicTensor } from "../layers/layer.js";
import type { Model } from "../model/index.js";
import { type ApplicationOptions, buildApplication, checkApplication, through } from "./application.js";

/** Blocks at each size of image: table 1 of the paper, DenseNet-121. */
const blocksBySize = [6, 12, 24, 16];

/** Channels that each block adds. */
const growth = 32;

/** NAME_bn and NAME_relu. */
function normalized(name: string): readonly Layer[] {
  return [
    batchNormalization({ epsilon: 1.001e-5, name: `${name}_bn` }),
    activationLayer({ activation: "relu", name: `${name}_relu` }),
  ];
}

/** The input with `growth` more channels, made from all that are there. */
function denseBlock(x: SymbolicTensor, name: string): SymbolicTensor {
  const added = through(x, [
    ...normalized(`${name}_0`),
    conv2d({ filters: 4 * growth, kernelSize: 1, useBias: false, name: `${name}_1_conv` }),
    ...normalized(`${name}_1`),
    conv2d({ filters: growth, kernelSize: 3, padding: "same", useBias: false, name: `${name}_2_conv` }),
  ]);
  return concatenate({ name: `${name}_concat` })([x, added]);
}

/** To half the channels and half the size. */
function transition(x: SymbolicTensor, name: string): SymbolicTensor {
  return through(x, [
    ...normalized(name),
    conv2d({ filters: Math.floor(x.shape[2]! / 2), kernelSize: 1, useBias: false, name: `${name}_conv` }),
    averagePooling2d({ poolSize: 2, name: `${name}_pool` }),
  ]);
}

function features(images: SymbolicTensor): SymbolicTensor {
  let x = through(images, [
    zeroPadding2d({ padding: 3 }),
    conv2d({ filters: 64, kernelSize: 7, strides: 2, useBias: false, name: "conv1_conv" }),
    ...normalized("conv1"),
    zeroPadding2d({ padding: 1 }),
    maxPooling2d({ poolSize: 3, strides: 2, name: "pool1" }),
  ]);
  for (const [size, blocks] of blocksBySize.entries()) {
    if (size > 0) {
      x = transition(x, `pool${size + 1}`);
    }
    for (let block = 1; block <= blocks; block++) {
      x = denseBlock(x, `conv${size + 2}_block${block}`);
    }
  }
  return through(x, [
    batchNormalization({ epsilon: 1.001e-5, name: "bn" }),
    activationLayer({ activation: "relu", name: "relu" }),
  ]);
}

/**
 * DenseNet with 121 layers of weights (Huang et al., arXiv:1608.06993): images of at least 32x32, default [224,224,3]; 8,062,504
 * parameters, 7,037,504 without the classifier. Keras' `DenseNet121` with random weights.
 * Throws `ArgumentError` for options that are unknown or out of range, and `ShapeError` for smaller images.
 */
export function denseNet121(options: ApplicationOptions = {}): Model {
  checkApplication("denseNet121", options);
  return buildApplication(
    {
      label: "denseNet121",
      name: "densenet121",
      inputShape: [224, 224, 3],
      minSize: 32,
      poolingNames: { avg: "avg_pool", max: "max_pool" },
      features,
      classify: (map, { classes, activation }) =>
        through(map, [
          globalAveragePooling2d({ name: "avg_pool" }),
          dense({ units: classes, activation, name: "predictions" }),
        ]),
    },
    options,
  );
}
