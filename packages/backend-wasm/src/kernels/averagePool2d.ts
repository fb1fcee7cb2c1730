import type { OpEncoder } from "../program/opWriter.js";
import { poolByRows, poolingArgumentsOf } from "./maxPool2d.js";

export const averagePool2d: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y] = op.outputs;
  const args = poolingArgumentsOf(op, x!.shape, y!.shape, { x: x!.address, y: y!.address, argmax: 0 });
  // The sums of a pixel.
  writer.scratch(args.C * 4 + 64);
  poolByRows("averagePool2d", writer, args, [x!.shape[0]!, args.OH, args.strideH * args.W * args.C]);
};

export const averagePool2dBackward: OpEncoder = (op, writer) => {
  const [dy] = op.inputs;
  const [dx] = op.outputs;
  const args = poolingArgumentsOf(op, dx!.shape, dy!.shape, { x: dx!.address, y: dy!.address, argmax: 0 });
  // The sums of a row of windows.
  writer.scratch(args.OW * args.C * 4 + 64);
  poolByRows("averagePool2dBackward", writer, args, [dx!.shape[0]!, args.H, args.W * args.C]);
};
