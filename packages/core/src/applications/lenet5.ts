import { averagePooling2d, conv2d, dense, flatten } from "../layers/index.js";
import type { Model } from "../model/index.js";
import { type ApplicationOptions, buildApplication, checkApplication, through } from "./application.js";

/**
 * LeNet-5 (LeCun, Bottou, Bengio, Haffner, 1998), with names of layers as in the paper: two convolutions of 5x5 with mean pooling,
 * three dense layers, tanh. Images of at least 12x12, default [28,28,1], to which the paper's border of two pixels is added; 10
 * classes unless `classes` says otherwise; 61,706 parameters. Unlike in the paper every map of the second convolution sees all
 * of the first, poolings have no parameters and the output is softmax.
 * Throws `ArgumentError` for options that are unknown or out of range, and `ShapeError` for smaller images.
 */
export function lenet5(options: ApplicationOptions = {}): Model {
  checkApplication("lenet5", options);
  return buildApplication(
    {
      label: "lenet5",
      name: "lenet5",
      inputShape: [28, 28, 1],
      classes: 10,
      minSize: 12,
      features: (images) =>
        through(images, [
          conv2d({ filters: 6, kernelSize: 5, padding: "same", activation: "tanh", name: "C1" }),
          averagePooling2d({ poolSize: 2, name: "S2" }),
          conv2d({ filters: 16, kernelSize: 5, activation: "tanh", name: "C3" }),
          averagePooling2d({ poolSize: 2, name: "S4" }),
        ]),
      classify: (features, { classes, activation }) =>
        through(features, [
          flatten({ name: "flatten" }),
          dense({ units: 120, activation: "tanh", name: "C5" }),
          dense({ units: 84, activation: "tanh", name: "F6" }),
          dense({ units: classes, activation, name: "predictions" }),
        ]),
    },
    options,
  );
}
