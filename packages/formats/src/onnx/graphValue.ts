import { layers, type SymbolicTensor } from "@convoy/core";
import type { Constant } from "./constant.js";

/**
 * What a node gives that depends on the model's inputs: a tensor of the model made, and how the axes of ONNX lie in it. Images
 * are [N,C,H,W] in ONNX and [H,W,C] a sample here; no numbers are moved for that until a node needs another order.
 */
export interface Activation {
  readonly kind: "activation";
  readonly tensor: SymbolicTensor;
  /** For each axis of a sample in ONNX the axis of the sample of `tensor`. */
  readonly axes: readonly number[];
  /**
   * [H,W,C] where the sample is an image laid out as one row: ONNX has its numbers in the order of [C,H,W], `tensor` in that of
   * [H,W,C]. Undefined where there is one order only.
   */
  readonly flattened?: readonly [number, number, number];
  /** Whether no number is below 0: then zeros around it do not change a maximum. */
  readonly nonNegative: boolean;
}

export type GraphValue = Constant | Activation;

/** [C,H,W] in ONNX, [H,W,C] here. */
export const channelsLast: readonly number[] = [2, 0, 1];

export function activation(
  tensor: SymbolicTensor,
  { axes = inOrder(tensor), nonNegative = false }: { axes?: readonly number[]; nonNegative?: boolean } = {},
): Activation {
  return { kind: "activation", tensor, axes, nonNegative };
}

export function inOrder({ shape }: SymbolicTensor): readonly number[] {
  return shape.map((_, axis) => axis);
}

/** The shape of a sample as ONNX sees it. */
export function sampleShape({ tensor, axes }: Activation): readonly number[] {
  return axes.map((axis) => tensor.shape[axis]!);
}

/** The same numbers with the axes in this order, moved where needed. Axes of size 1 lie anywhere. */
export function arranged(value: Activation, axes: readonly number[]): Activation {
  if (value.flattened !== undefined) {
    const [height, width, channels] = value.flattened;
    const images = layers.reshape({ targetShape: [height, width, channels] })(value.tensor);
    const moved = layers.permute({ dims: [3, 1, 2] })(images);
    return arranged(activation(layers.flatten()(moved), value), axes);
  }
  if (value.axes.length !== axes.length || axes.every((axis, index) => axis === value.axes[index])) {
    return value;
  }
  // Axis `axes[i]` of the result is axis i of ONNX, which is axis `value.axes[i]` of what there is.
  const dims = axes.map((_, axis) => value.axes[axes.indexOf(axis)]!);
  const target = dims.map((axis) => value.tensor.shape[axis]!);
  const moving = dims.filter((axis) => value.tensor.shape[axis] !== 1);
  const moves = moving.some((axis, index) => index > 0 && axis < moving[index - 1]!);
  const tensor = moves ? moved(value.tensor, dims) : layers.reshape({ targetShape: target })(value.tensor);
  return { ...activation(tensor, value), axes };
}

/** A tensor with its axes in another order. Axes that stay behind each other count as one, as three of a sample can be moved. */
function moved(tensor: SymbolicTensor, dims: readonly number[]): SymbolicTensor {
  if (dims.length <= 3) {
    return layers.permute({ dims: dims.map((axis) => axis + 1) })(tensor);
  }
  const runs: number[][] = [];
  for (const axis of dims) {
    const last = runs.at(-1);
    if (last?.at(-1) === axis - 1) {
      last.push(axis);
    } else {
      runs.push([axis]);
    }
  }
  const before = [...runs].sort((a, b) => a[0]! - b[0]!);
  const size = (run: readonly number[]): number => run.reduce((product, axis) => product * tensor.shape[axis]!, 1);
  const joined = layers.reshape({ targetShape: before.map(size) })(tensor);
  const turned = layers.permute({ dims: runs.map((run) => before.indexOf(run) + 1) })(joined);
  return layers.reshape({ targetShape: dims.map((axis) => tensor.shape[axis]!) })(turned);
}

/** As ONNX has it, axis by axis. */
export function asInOnnx(value: Activation): Activation {
  return arranged(
    value,
    value.axes.map((_, axis) => axis),
  );
}

/** Images [H,W,C]. */
export function asImages(value: Activation): Activation {
  return arranged(value, channelsLast);
}
