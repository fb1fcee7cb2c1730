import {
  activation,
  add,
  averagePooling2d,
  batchNormalization,
  type Conv2dOptions,
  conv2d,
  type Layer,
  reshape,
  zeroPadding2d,
} from "../layers/index.js";
import type { SymbolicTensor } from "../layers/layer.js";
import { through } from "./application.js";

/** How the convolutions and normalizations of a network are made. */
export interface Style {
  readonly convolution: Pick<Conv2dOptions, "useBias" | "kernelInitializer">;
  readonly normalization: { readonly epsilon: number; readonly momentum: number };
}

/** Blocks at one size of image. The first of them takes the strides. */
export interface Stage {
  readonly name: string;
  readonly filters: number;
  readonly blocks: number;
  readonly strides: number;
}

/** What a block does with its input; `x` has [H,W,C], the result [H/strides,W/strides,filters] or, of bottlenecks, 4 times as many. */
export type Block = (x: SymbolicTensor, name: string, filters: number, strides: number) => SymbolicTensor;

/** What is added to the convolutions of a block: its input, brought to their shape. */
export type Shortcut = (x: SymbolicTensor, name: string, filters: number, strides: number) => SymbolicTensor;

/** A convolution and its normalization, named as Keras does: NAME_conv, NAME_bn. */
export function convolution(style: Style, name: string, options: Conv2dOptions): readonly Layer[] {
  return [
    conv2d({ ...style.convolution, ...options, name: `${name}_conv` }),
    batchNormalization({ ...style.normalization, name: `${name}_bn` }),
  ];
}

/** NAME_relu and the like. */
export function relu(name: string): Layer {
  return activation({ activation: "relu", name });
}

/** Two convolutions of 3x3, padded by one pixel on each side whatever the strides. */
export function basicBlock(style: Style, shortcut: Shortcut): Block {
  return (x, name, filters, strides) => {
    const halves = strides > 1;
    const bent = through(x, [
      ...(halves ? [zeroPadding2d({ padding: 1, name: `${name}_1_pad` })] : []),
      ...convolution(style, `${name}_1`, { filters, kernelSize: 3, strides, padding: halves ? "valid" : "same" }),
      relu(`${name}_1_relu`),
      ...convolution(style, `${name}_2`, { filters, kernelSize: 3, padding: "same" }),
    ]);
    return merged(name, shortcut(x, name, filters, strides), bent);
  };
}

/** 1x1 to fewer channels, 3x3, 1x1 to four times `filters`. As in Keras the first takes the strides. */
export function bottleneckBlock(style: Style, shortcut: Shortcut): Block {
  return (x, name, filters, strides) => {
    const bent = through(x, [
      ...convolution(style, `${name}_1`, { filters, kernelSize: 1, strides }),
      relu(`${name}_1_relu`),
      ...convolution(style, `${name}_2`, { filters, kernelSize: 3, padding: "same" }),
      relu(`${name}_2_relu`),
      ...convolution(style, `${name}_3`, { filters: 4 * filters, kernelSize: 1 }),
    ]);
    return merged(name, shortcut(x, name, 4 * filters, strides), bent);
  };
}

function merged(name: string, shortcut: SymbolicTensor, bent: SymbolicTensor): SymbolicTensor {
  return relu(`${name}_out`)(add({ name: `${name}_add` })([shortcut, bent]));
}

/** Where shapes change, a convolution of 1x1: the paper's option B. */
export function projection(style: Style): Shortcut {
  return (x, name, filters, strides) =>
    strides === 1 && x.shape[2] === filters
      ? x
      : through(x, convolution(style, `${name}_0`, { filters, kernelSize: 1, strides }));
}

/** Where shapes change, every second pixel and channels of zeros: the paper's option A, which has no parameters. */
export const zeroChannels: Shortcut = (x, name, filters, strides) => {
  const channels = x.shape[2]!;
  if (strides === 1 && channels === filters) {
    return x;
  }
  const pixels = averagePooling2d({ poolSize: 1, strides, name: `${name}_0_pool` })(x);
  const [height, width] = pixels.shape as [number, number, number];
  const before = Math.floor((filters - channels) / 2);
  // Padding is of rows and columns, so the channels become columns for it.
  return through(pixels, [
    reshape({ targetShape: [height * width, channels, 1], name: `${name}_0_columns` }),
    zeroPadding2d({
      padding: [
        [0, 0],
        [before, filters - channels - before],
      ],
      name: `${name}_0_pad`,
    }),
    reshape({ targetShape: [height, width, filters], name: `${name}_0_channels` }),
  ]);
};

/** All blocks of some stages, named NAME_block1, NAME_block2, ... */
export function residualStages(x: SymbolicTensor, stages: readonly Stage[], block: Block): SymbolicTensor {
  return stages.reduce(
    (begin, { name, filters, blocks, strides }) =>
      Array.from({ length: blocks }).reduce<SymbolicTensor>(
        (map, _, index) => block(map, `${name}_block${index + 1}`, filters, index === 0 ? strides : 1),
        begin,
      ),
    x,
  );
}
