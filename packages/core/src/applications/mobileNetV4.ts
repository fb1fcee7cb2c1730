import {
  add,
  batchNormalization,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAveragePooling2d,
  type Layer,
  relu,
  zeroPadding2d,
} from "../layers/index.js";
import type { SymbolicTensor } from "../layers/layer.js";
import type { Model } from "../model/index.js";
import { type ApplicationOptions, buildApplication, checkApplication, through } from "./application.js";

/** A convolution with normalization and ReLU. */
interface Convolution {
  readonly kernel: number;
  readonly strides: number;
  readonly filters: number;
}

/**
 * A universal inverted bottleneck: by channel (not where `start` is 0), 1x1 to `expansion` times the channels, by channel (not
 * where `middle` is 0), 1x1 to `filters`.
 */
interface Bottleneck {
  readonly start: number;
  readonly middle: number;
  readonly strides: number;
  readonly expansion: number;
  readonly filters: number;
}

const convolution = (kernel: number, strides: number, filters: number): Convolution => ({ kernel, strides, filters });

function bottleneck(start: number, middle: number, strides: number, expansion: number, filters: number): Bottleneck {
  return { start, middle, strides, expansion, filters };
}

/** Conv-S of the paper, table 10, behind the stem. */
const stages: readonly (readonly (Convolution | Bottleneck)[])[] = [
  [convolution(3, 2, 32), convolution(1, 1, 32)],
  [convolution(3, 2, 96), convolution(1, 1, 64)],
  [
    bottleneck(5, 5, 2, 3, 96),
    ...Array.from({ length: 4 }, () => bottleneck(0, 3, 1, 2, 96)),
    bottleneck(3, 0, 1, 4, 96),
  ],
  [
    bottleneck(3, 3, 2, 6, 128),
    bottleneck(5, 5, 1, 4, 128),
    bottleneck(0, 5, 1, 4, 128),
    bottleneck(0, 5, 1, 3, 128),
    bottleneck(0, 3, 1, 4, 128),
    bottleneck(0, 3, 1, 4, 128),
  ],
  [convolution(1, 1, 960)],
];

/** As in PyTorch, where it was trained. */
function normalization(name: string): Layer {
  return batchNormalization({ epsilon: 1e-5, momentum: 0.9, name });
}

/** Padding on all sides: "same" would put it at the end alone where strides are 2. */
function padded(prefix: string, kernel: number): Layer[] {
  const padding = (kernel - 1) / 2;
  return padding === 0 ? [] : [zeroPadding2d({ padding, name: `${prefix}.pad` })];
}

function convolutionLayers(prefix: string, { kernel, strides, filters }: Convolution): Layer[] {
  return [
    ...padded(prefix, kernel),
    conv2d({
      filters,
      kernelSize: kernel,
      strides,
      useBias: false,
      kernelInitializer: "heNormal",
      name: `${prefix}.conv`,
    }),
  ];
}

function depthwise(prefix: string, kernel: number, strides: number): Layer[] {
  return [
    ...padded(prefix, kernel),
    depthwiseConv2d({
      kernelSize: kernel,
      strides,
      useBias: false,
      depthwiseInitializer: "heNormal",
      name: `${prefix}.conv`,
    }),
    normalization(`${prefix}.bn`),
  ];
}

/** The input is added where shapes allow. */
function bottleneckBlock(x: SymbolicTensor, prefix: string, block: Bottleneck): SymbolicTensor {
  const { start, middle, strides, expansion, filters } = block;
  const channels = x.shape[2]!;
  const pointwise = (part: string, count: number): Layer[] => [
    ...convolutionLayers(`${prefix}.${part}`, convolution(1, 1, count)),
    normalization(`${prefix}.${part}.bn`),
  ];
  const bent = through(x, [
    // The later of the two takes the strides.
    ...(start === 0 ? [] : depthwise(`${prefix}.dw_start`, start, middle === 0 ? strides : 1)),
    ...pointwise("pw_exp", expansion * channels),
    relu({ name: `${prefix}.pw_exp.act` }),
    ...(middle === 0
      ? []
      : [...depthwise(`${prefix}.dw_mid`, middle, strides), relu({ name: `${prefix}.dw_mid.act` })]),
    ...pointwise("pw_proj", filters),
  ]);
  return strides === 1 && channels === filters ? add({ name: `${prefix}.add` })([x, bent]) : bent;
}

function features(images: SymbolicTensor): SymbolicTensor {
  const stem = through(images, [
    zeroPadding2d({ padding: 1, name: "conv_stem.pad" }),
    conv2d({
      filters: 32,
      kernelSize: 3,
      strides: 2,
      useBias: false,
      kernelInitializer: "heNormal",
      name: "conv_stem",
    }),
    normalization("bn1"),
    relu({ name: "bn1.act" }),
  ]);
  const blocks = stages.flatMap((stage, number) =>
    stage.map((block, index) => ({ block, prefix: `blocks.${number}.${index}` })),
  );
  return blocks.reduce(
    (x, { block, prefix }) =>
      "kernel" in block
        ? through(x, [
            ...convolutionLayers(prefix, block),
            normalization(`${prefix}.bn1`),
            relu({ name: `${prefix}.bn1.act` }),
          ])
        : bottleneckBlock(x, prefix, block),
    stem,
  );
}

/**
 * MobileNetV4-Conv-Small (Qin et al., arXiv:2404.10518), as in timm, whose modules have the names of these layers: images of at
 * least 32x32, default [224,224,3]; 3,774,024 parameters and their moving statistics. The last feature map, without the
 * classifier, has 960 channels. Keras has no such network. Throws `ArgumentError` for options that are unknown or out of range,
 * and `ShapeError` for smaller images.
 */
export function mobileNetV4ConvSmall(options: ApplicationOptions = {}): Model {
  checkApplication("mobileNetV4ConvSmall", options);
  return buildApplication(
    {
      label: "mobileNetV4ConvSmall",
      name: "mobilenetv4_conv_small",
      inputShape: [224, 224, 3],
      minSize: 32,
      features,
      classify: (map, { classes, activation }) =>
        through(map, [
          globalAveragePooling2d({ keepDims: true, name: "global_pool" }),
          conv2d({
            filters: 1280,
            kernelSize: 1,
            useBias: false,
            kernelInitializer: "heNormal",
            name: "conv_head",
          }),
          normalization("norm_head"),
          relu({ name: "norm_head.act" }),
          flatten(),
          dense({ units: classes, activation, name: "classifier" }),
        ]),
    },
    options,
  );
}
