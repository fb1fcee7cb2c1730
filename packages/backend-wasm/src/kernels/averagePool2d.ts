import type { OpEncoder } from "../program/opWriter.js";
import { poolByChannels, poolingArgumentsOf } from "./maxPool2d.js";

/** Scratch memory: sums, or shares, of all channels. */
const bytesOfSums = (channels: number): number => channels * 4 + 64;

export const averagePool2d: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y] = op.outputs;
  const args = poolingArgumentsOf(op, x!.shape, y!.shape, { x: x!.address, y: y!.address, argmax: 0 });
  poolByChannels("averagePool2d", writer, args, x!.shape[0]!, bytesOfSums(args.C));
};

export const averagePool2dBackward: OpEncoder = (op, writer) => {
  const [dy] = op.inputs;
  const [dx] = op.outputs;
  const args = poolingArgumentsOf(op, dx!.shape, dy!.shape, { x: dx!.address, y: dy!.address, argmax: 0 });
  poolByChannels("averagePool2dBackward", writer, args, dx!.shape[0]!, bytesOfSums(args.C));
};
