import { conv2d, dense, flatten, maxPooling2d } from "../layers/index.js";
import type { Model } from "../model/index.js";
import { type ApplicationOptions, buildApplication, checkApplication, through } from "./application.js";

/** Convolutions of 3x3 at one size of image, then a pooling. */
interface Block {
  readonly filters: number;
  readonly convolutions: number;
}

function blocks(...convolutions: readonly number[]): readonly Block[] {
  return [64, 128, 256, 512, 512].map((filters, index) => ({ filters, convolutions: convolutions[index]! }));
}

/** Table 1 of the paper, columns D and E. */
const configurations = {
  vgg16: blocks(2, 2, 3, 3, 3),
  vgg19: blocks(2, 2, 4, 4, 4),
} as const;

function vgg(label: keyof typeof configurations, options: ApplicationOptions): Model {
  checkApplication(label, options);
  return buildApplication(
    {
      label,
      name: label,
      inputShape: [224, 224, 3],
      minSize: 32,
      features: (images) =>
        through(
          images,
          configurations[label].flatMap(({ filters, convolutions }, block) => [
            ...Array.from({ length: convolutions }, (_, index) =>
              conv2d({
                filters,
                kernelSize: 3,
                padding: "same",
                activation: "relu",
                name: `block${block + 1}_conv${index + 1}`,
              }),
            ),
            maxPooling2d({ poolSize: 2, name: `block${block + 1}_pool` }),
          ]),
        ),
      classify: (features, { classes, activation }) =>
        through(features, [
          flatten({ name: "flatten" }),
          dense({ units: 4096, activation: "relu", name: "fc1" }),
          dense({ units: 4096, activation: "relu", name: "fc2" }),
          dense({ units: classes, activation, name: "predictions" }),
        ]),
    },
    options,
  );
}

/**
 * VGG with 16 layers of weights (Simonyan and Zisserman, arXiv:1409.1556): images of at least 32x32, default [224,224,3];
 * 138,357,544 parameters, 14,714,688 without the classifier. Keras' `VGG16` with random weights.
 * Throws `ArgumentError` for options that are unknown or out of range, and `ShapeError` for smaller images.
 */
export function vgg16(options: ApplicationOptions = {}): Model {
  return vgg("vgg16", options);
}

/**
 * VGG with 19 layers of weights: 143,667,240 parameters, 20,024,384 without the classifier. Keras' `VGG19` with random weights.
 * Otherwise like `vgg16`.
 */
export function vgg19(options: ApplicationOptions = {}): Model {
  return vgg("vgg19", options);
}
