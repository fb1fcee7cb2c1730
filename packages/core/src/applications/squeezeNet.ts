import {
  activation as activationLayer,
  type Conv2dOptions,
  concatenate,
  conv2d,
  dropout,
  globalAveragePooling2d,
  maxPooling2d,
} from "../layers/index.js";
import type { SymbolicTensor } from "../layers/layer.js";
import type { Model } from "../model/index.js";
import { lookUp } from "../names.js";
import { type ApplicationOptions, buildApplication, checkApplication, through } from "./application.js";

export interface SqueezeNetOptions extends ApplicationOptions {
  /** "1.1" (default) is as accurate as "1.0", that of the paper, at less than half the computation. */
  readonly version?: "1.0" | "1.1";
}

interface Version {
  readonly stem: Pick<Conv2dOptions, "filters" | "kernelSize">;
  /** Numbers of the fire modules, which start at 2, before which the image is halved. */
  readonly poolBefore: readonly number[];
  /** Fewest rows and columns that leave a pixel at the end. */
  readonly minSize: number;
  /** Rows and columns that all windows divide without a rest. */
  readonly size: number;
}

/** Table 1 of the paper, and the authors' later release. */
const versions: Readonly<Record<"1.0" | "1.1", Version>> = {
  "1.0": { stem: { filters: 96, kernelSize: 7 }, poolBefore: [2, 5, 9], minSize: 35, size: 227 },
  "1.1": { stem: { filters: 64, kernelSize: 3 }, poolBefore: [2, 4, 6], minSize: 31, size: 224 },
};

/** Channels to which each fire module squeezes, from number 2 on; it expands them to eight times as many. */
const squeezed = [16, 16, 32, 32, 48, 48, 64, 64];

/** 1x1 to few channels, then 1x1 and 3x3 beside each other. */
function fire(x: SymbolicTensor, name: string, squeeze: number): SymbolicTensor {
  const filters = 4 * squeeze;
  const few = conv2d({ filters: squeeze, kernelSize: 1, activation: "relu", name: `${name}_squeeze1x1` })(x);
  return concatenate({ name: `${name}_concat` })([
    conv2d({ filters, kernelSize: 1, activation: "relu", name: `${name}_expand1x1` })(few),
    conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu", name: `${name}_expand3x3` })(few),
  ]);
}

function features(images: SymbolicTensor, { stem, poolBefore }: Version): SymbolicTensor {
  const first = conv2d({ ...stem, strides: 2, activation: "relu", name: "conv1" })(images);
  return squeezed.reduce<SymbolicTensor>((x, squeeze, index) => {
    const number = index + 2;
    // A pooling is named after what it follows: conv1, or the fire module before.
    const smaller = poolBefore.includes(number)
      ? maxPooling2d({ poolSize: 3, strides: 2, name: `pool${number - 1}` })(x)
      : x;
    return fire(smaller, `fire${number}`, squeeze);
  }, first);
}

/**
 * SqueezeNet (Iandola et al., arXiv:1602.07360): version 1.1 with 1,235,496 parameters, images of at least 31x31, default
 * [224,224,3]; or 1.0, that of the paper, with 1,248,424, at least 35x35, default [227,227,3]. Its classifier is a convolution,
 * so images may have any size. Keras has no such network.
 * Throws `ArgumentError` for options that are unknown or out of range, and `ShapeError` for smaller images.
 */
export function squeezeNet(options: SqueezeNetOptions = {}): Model {
  const { version: name = "1.1" } = checkApplication("squeezeNet", options, ["version"]);
  const version = lookUp("version of squeezeNet", name, versions);
  return buildApplication(
    {
      label: "squeezeNet",
      name: "squeezenet",
      inputShape: [version.size, version.size, 3],
      minSize: version.minSize,
      features: (images) => features(images, version),
      classify: (map, { classes, activation }) =>
        through(map, [
          dropout({ rate: 0.5, name: "drop9" }),
          conv2d({ filters: classes, kernelSize: 1, activation: "relu", name: "conv10" }),
          globalAveragePooling2d({ name: "pool10" }),
          activationLayer({ activation, name: "predictions" }),
        ]),
    },
    options,
  );
}
