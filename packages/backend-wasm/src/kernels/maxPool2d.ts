import { attributesOf, type Shape, windowGeometry } from "@convoy/core/backend";
import type { SharedArguments } from "../program/kernelLayout.js";
import { launch } from "../program/launch.js";
import type { OpEncoder, OpWriter, WasmOp } from "../program/opWriter.js";

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

/** Tasks that a pooling is cut into, if there are channels enough: threads beyond the samples have some too. */
const minTasks = 16;
/** Channels of one task at least: a cache line. */
const lineChannels = 16;

/** Appends a pooling kernel from an input [N,H,W,C] to an output [N,OH,OW,C]. `scratch`: bytes that it needs. */
export function poolByChannels(
  kernel: "maxPool2d" | "maxPool2dBackward" | "averagePool2d" | "averagePool2dBackward",
  writer: OpWriter,
  args: SharedArguments<"pooling">,
  samples: number,
  scratch: number,
): void {
  const { C } = args;
  const tasks = Math.min(Math.ceil(minTasks / samples), Math.ceil(C / lineChannels));
  const channelBlock = Math.min(C, Math.ceil(C / tasks / lineChannels) * lineChannels);
  const channelTasks = Math.ceil(C / channelBlock);
  writer.scratch(scratch);
  writer.stage(launch(kernel, samples * channelTasks, { ...args, channelBlock, channelTasks }));
}

export const maxPool2d: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y, argmax] = op.outputs;
  const places = { x: x!.address, y: y!.address, argmax: argmax!.address };
  poolByChannels("maxPool2d", writer, poolingArgumentsOf(op, x!.shape, y!.shape, places), x!.shape[0]!, 0);
};

export const maxPool2dBackward: OpEncoder = (op, writer) => {
  const [dy, argmax] = op.inputs;
  const [dx] = op.outputs;
  const places = { x: dx!.address, y: dy!.address, argmax: argmax!.address };
  const args = poolingArgumentsOf(op, dx!.shape, dy!.shape, places);
  poolByChannels("maxPool2dBackward", writer, args, dx!.shape[0]!, args.KH * args.KW * 4);
};
