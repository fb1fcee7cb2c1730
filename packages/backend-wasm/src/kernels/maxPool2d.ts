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

/** Tasks that a pooling is cut into, if there are rows enough: threads beyond the samples have some too. */
const minTasks = 16;
/** Numbers of one task at least. */
const minNumbers = 2048;
/** Numbers of one task: a quarter of what a second-level cache holds, so that windows across two tasks are few. */
const taskNumbers = 65536;

/** Appends a pooling kernel that writes `rows` rows a sample, of about `rowNumbers` numbers read and written. */
export function poolByRows(
  kernel: "maxPool2d" | "maxPool2dBackward" | "averagePool2d" | "averagePool2dBackward",
  writer: OpWriter,
  args: SharedArguments<"pooling">,
  [samples, rows, rowNumbers]: readonly [number, number, number],
): void {
  const numbers = rows * rowNumbers;
  const few = Math.min(Math.ceil(minTasks / samples), Math.ceil(numbers / minNumbers));
  const tasks = Math.max(few, Math.round(numbers / taskNumbers));
  // Windows side by side are not cut.
  const whole = args.strideH === args.KH && args.top === 0 && rows === args.H ? args.strideH : 1;
  const rowBlock = Math.ceil(rows / Math.min(rows, tasks) / whole) * whole;
  const rowTasks = Math.ceil(rows / rowBlock);
  writer.stage(launch(kernel, samples * rowTasks, { ...args, rowBlock, rowTasks }));
}

export const maxPool2d: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y, argmax] = op.outputs;
  const places = { x: x!.address, y: y!.address, argmax: argmax!.address };
  const args = poolingArgumentsOf(op, x!.shape, y!.shape, places);
  poolByRows("maxPool2d", writer, args, [x!.shape[0]!, args.OH, args.strideH * args.W * args.C]);
};

export const maxPool2dBackward: OpEncoder = (op, writer) => {
  const [dy, argmax] = op.inputs;
  const [dx] = op.outputs;
  const places = { x: dx!.address, y: dy!.address, argmax: argmax!.address };
  const args = poolingArgumentsOf(op, dx!.shape, dy!.shape, places);
  writer.scratch(args.KH * args.KW * 4);
  poolByRows("maxPool2dBackward", writer, args, [dx!.shape[0]!, args.H, args.W * args.C]);
};
