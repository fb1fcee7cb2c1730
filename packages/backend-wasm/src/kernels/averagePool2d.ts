import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { poolingArgumentsOf } from "./maxPool2d.js";

export const averagePool2d: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y] = op.outputs;
  const places = { x: x!.address, y: y!.address, argmax: 0 };
  writer.stage(launch("averagePool2d", x!.shape[0]!, poolingArgumentsOf(op, x!.shape, y!.shape, places)));
};

export const averagePool2dBackward: OpEncoder = (op, writer) => {
  const [dy] = op.inputs;
  const [dx] = op.outputs;
  const places = { x: dx!.address, y: dy!.address, argmax: 0 };
  writer.stage(launch("averagePool2dBackward", dx!.shape[0]!, poolingArgumentsOf(op, dx!.shape, dy!.shape, places)));
};
