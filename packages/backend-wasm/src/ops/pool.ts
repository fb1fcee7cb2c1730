import type { Attributes, Shape } from "@convoy/core/backend";
import type { KernelSettings } from "../program/kernels.js";
import { type OpCall, type OpEncoder, sizes4 } from "../program/opWriter.js";
import { phase } from "../program/phase.js";

type Pair = readonly [number, number];

/** The attributes of a pooling. */
export interface PoolAttributes {
  readonly poolSize: Pair;
  readonly strides: Pair;
  readonly padding: readonly [number, number, number, number];
  readonly dilation: Pair;
}

export function poolAttributes(attributes: Attributes): PoolAttributes {
  return attributes as unknown as PoolAttributes;
}

/** Whether the windows of a pooling lie side by side with nothing between or around them. */
export function tilesExactly({ attributes }: OpCall): boolean {
  const { poolSize, strides, padding, dilation } = poolAttributes(attributes);
  const sideBySide = poolSize[0] === strides[0] && poolSize[1] === strides[1];
  return sideBySide && padding.every((size) => size === 0) && dilation.every((size) => size === 1);
}

interface PoolPlaces {
  readonly x: number;
  readonly y: number;
  readonly argmax: number;
}

/** Settings of a pooling from [N,H,W,C] to [N,OH,OW,C]. */
export function poolSettings(
  attributes: Attributes,
  [, H, W, C]: readonly [number, number, number, number],
  outputShape: Shape,
  places: PoolPlaces,
): KernelSettings<"maxPool"> {
  const { poolSize, strides, padding, dilation } = poolAttributes(attributes);
  return {
    ...places,
    H,
    W,
    C,
    OH: outputShape[1]!,
    OW: outputShape[2]!,
    PH: poolSize[0],
    PW: poolSize[1],
    strideH: strides[0],
    strideW: strides[1],
    top: padding[0],
    left: padding[2],
    dilationH: dilation[0],
    dilationW: dilation[1],
  };
}

export const maxPool2d: OpEncoder = ({ inputs: [x], outputs: [y, argmax], attributes }, writer) => {
  const places = { x: x!.address, y: y!.address, argmax: argmax!.address };
  writer.stage(phase("maxPool", x!.shape[0]!, poolSettings(attributes, sizes4(x!.shape), y!.shape, places)));
};

export const maxPool2dBackward: OpEncoder = ({ inputs: [dy, argmax], outputs: [dx], attributes }, writer) => {
  const places = { x: dx!.address, y: dy!.address, argmax: argmax!.address };
  writer.stage(phase("maxPoolBackward", dx!.shape[0]!, poolSettings(attributes, sizes4(dx!.shape), dy!.shape, places)));
};

export const averagePool2d: OpEncoder = ({ inputs: [x], outputs: [y], attributes }, writer) => {
  const places = { x: x!.address, y: y!.address, argmax: 0 };
  writer.stage(phase("averagePool", x!.shape[0]!, poolSettings(attributes, sizes4(x!.shape), y!.shape, places)));
};

export const averagePool2dBackward: OpEncoder = ({ inputs: [dy], outputs: [dx], attributes }, writer) => {
  const places = { x: dx!.address, y: dy!.address, argmax: 0 };
  writer.stage(
    phase("averagePoolBackward", dx!.shape[0]!, poolSettings(attributes, sizes4(dx!.shape), dy!.shape, places)),
  );
};
