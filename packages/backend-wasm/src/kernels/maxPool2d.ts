import { attributesOf, type Shape, windowGeometry } from "@convoy/core/backend";
import type { SharedArguments } from "../program/kernelLayout.js";
import { launch } from "../program/launch.js";
import type { OpEncoder, WasmOp } from "../program/opWriter.js";

interface PoolingPlaces {
  readonly x: number;
  readonly y: number;
  readonly argmax: number;
}

/** The arguments of a pooling op from an input [N,H,W,C] to an output [N,OH,OW,C]. */
export function poolingArgumentsOf(
  op: WasmOp,
  input: Shape,
  output: Shape,
  places: PoolingPlaces,
): SharedArguments<"pooling"> {
  const attributes = attributesOf("maxPool2d", op);
  return { ...places, ...windowGeometry(input, attributes.poolSize, output, attributes) };
}

/** Whether the windows of a pooling lie side by side with nothing between or around them. */
export function tilesExactly(op: WasmOp): boolean {
  const { poolSize, strides, padding, dilation } = attributesOf("maxPool2d", op);
  const sideBySide = poolSize[0] === strides[0] && poolSize[1] === strides[1];
  return sideBySide && padding.every((size) => size === 0) && dilation.every((size) => size === 1);
}

export const maxPool2d: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y, argmax] = op.outputs;
  const places = { x: x!.address, y: y!.address, argmax: argmax!.address };
  writer.stage(launch("maxPool2d", x!.shape[0]!, poolingArgumentsOf(op, x!.shape, y!.shape, places)));
};

export const maxPool2dBackward: OpEncoder = (op, writer) => {
  const [dy, argmax] = op.inputs;
  const [dx] = op.outputs;
  const places = { x: dx!.address, y: dy!.address, argmax: argmax!.address };
  writer.stage(launch("maxPool2dBackward", dx!.shape[0]!, poolingArgumentsOf(op, dx!.shape, dy!.shape, places)));
};
