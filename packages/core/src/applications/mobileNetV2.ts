import { expectRange } from "../checkOption.js";
import {
  add,
  batchNormalization,
  conv2d,
  dense,
  depthwiseConv2d,
  globalAveragePooling2d,
  type Layer,
  relu6,
  zeroPadding2d,
} from "../layers/index.js";
import type { SymbolicTensor } from "../layers/layer.js";
import type { Model } from "../model/index.js";
import { type ApplicationOptions, buildApplication, checkApplication, through } from "./application.js";

export interface MobileNetV2Options extends ApplicationOptions {
  /** Width: by how much the number of channels of each layer is multiplied, above 0; default 1. */
  readonly alpha?: number;
}

/** Blocks with the same settings. The first of them takes the strides. */
interface Group {
  /** By how much a block widens its input; 1 for no widening. */
  readonly expansion: number;
  /** Channels of the output, before `alpha`. */
  readonly filters: number;
  readonly blocks: number;
  readonly strides: number;
}

/** Table 2 of the paper. */
const groups: readonly Group[] = [
  { expansion: 1, filters: 16, blocks: 1, strides: 1 },
  { expansion: 6, filters: 24, blocks: 2, strides: 2 },
  { expansion: 6, filters: 32, blocks: 3, strides: 2 },
  { expansion: 6, filters: 64, blocks: 4, strides: 2 },
  { expansion: 6, filters: 96, blocks: 3, strides: 1 },
  { expansion: 6, filters: 160, blocks: 3, strides: 2 },
  { expansion: 6, filters: 320, blocks: 1, strides: 1 },
];

/** The nearest multiple of 8 that is no more than a tenth smaller. */
function divisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

function normalization(name: string): Layer {
  return batchNormalization({ epsilon: 1e-3, momentum: 0.999, name });
}

/** 1x1 to more channels, 3x3 by channel, 1x1 to fewer channels, added to the input where shapes allow. */
function invertedBlock(x: SymbolicTensor, prefix: string, expansion: number, filters: number, strides: number) {
  const [height, width, channels] = x.shape as [number, number, number];
  const expand = [
    conv2d({ filters: expansion * channels, kernelSize: 1, useBias: false, padding: "same", name: `${prefix}_expand` }),
    normalization(`${prefix}_expand_BN`),
    relu6({ name: `${prefix}_expand_relu` }),
  ];
  // What "same" would add: a pixel on each side, for even sizes at the end alone.
  const padding = [height, width].map((size) => [size % 2, 1] as const) as [
    readonly [number, number],
    readonly [number, number],
  ];
  const bent = through(x, [
    ...(expansion === 1 ? [] : expand),
    ...(strides === 1 ? [] : [zeroPadding2d({ padding, name: `${prefix}_pad` })]),
    depthwiseConv2d({
      kernelSize: 3,
      strides,
      useBias: false,
      padding: strides === 1 ? "same" : "valid",
      name: `${prefix}_depthwise`,
    }),
    normalization(`${prefix}_depthwise_BN`),
    relu6({ name: `${prefix}_depthwise_relu` }),
    conv2d({ filters, kernelSize: 1, useBias: false, padding: "same", name: `${prefix}_project` }),
    normalization(`${prefix}_project_BN`),
  ]);
  return strides === 1 && channels === filters ? add({ name: `${prefix}_add` })([x, bent]) : bent;
}

function features(images: SymbolicTensor, alpha: number): SymbolicTensor {
  const stem = through(images, [
    conv2d({
      filters: divisible(32 * alpha),
      kernelSize: 3,
      strides: 2,
      padding: "same",
      useBias: false,
      name: "Conv1",
    }),
    normalization("bn_Conv1"),
    relu6({ name: "Conv1_relu" }),
  ]);
  const blocks = groups.flatMap(({ expansion, filters, blocks: count, strides }) =>
    Array.from({ length: count }, (_, index) => ({
      expansion,
      filters: divisible(Math.floor(filters * alpha)),
      strides: index === 0 ? strides : 1,
    })),
  );
  const map = blocks.reduce((x, { expansion, filters, strides }, index) => {
    const prefix = index === 0 ? "expanded_conv" : `block_${index}`;
    return invertedBlock(x, prefix, expansion, filters, strides);
  }, stem);
  const last = alpha > 1 ? divisible(1280 * alpha) : 1280;
  return through(map, [
    conv2d({ filters: last, kernelSize: 1, useBias: false, name: "Conv_1" }),
    normalization("Conv_1_bn"),
    relu6({ name: "out_relu" }),
  ]);
}

/**
 * MobileNetV2 (Sandler et al., arXiv:1801.04381): images of at least 32x32, default [224,224,3]; 3,538,984 parameters, 2,257,984
 * without the classifier; `alpha` makes all layers narrower or wider. Keras' `MobileNetV2` with random weights.
 * Throws `ArgumentError` for options that are unknown or out of range, and `ShapeError` for smaller images.
 */
export function mobileNetV2(options: MobileNetV2Options = {}): Model {
  const { alpha = 1, inputShape = [224, 224, 3] } = checkApplication("mobileNetV2", options, ["alpha"]);
  expectRange("mobileNetV2: alpha", alpha, Number.MIN_VALUE, Infinity);
  return buildApplication(
    {
      label: "mobileNetV2",
      name: `mobilenetv2_${alpha.toFixed(2)}_${inputShape[0]}`,
      inputShape,
      minSize: 32,
      features: (images) => features(images, alpha),
      classify: (map, { classes, activation }) =>
        through(map, [globalAveragePooling2d(), dense({ units: classes, activation, name: "predictions" })]),
    },
    options,
  );
}
