import { sizeOf, type UnaryFunction } from "@convoy/core/backend";
import type { OpCall, OpEncoder } from "../program/opWriter.js";
import { blocks, phase } from "../program/phase.js";

/** Numbers of the elementwise functions in `assembly/unary.ts`; 0 is none. */
const functionNumbers: Readonly<Record<UnaryFunction, number>> = {
  relu: 1,
  relu6: 2,
  leakyRelu: 3,
  elu: 4,
  sigmoid: 5,
  tanh: 6,
  log: 7,
  logit: 8,
};

/** Elements of one task: 32 KB. */
const elementsOfTask = 8192;

/** The function of a unary op or of its gradient as a kernel takes it; nothing where there is no such op. */
export function functionOf(call: OpCall | undefined): { unary: number; alpha: number } {
  if (call === undefined) {
    return { unary: 0, alpha: 0 };
  }
  const { function: name, alpha } = call.attributes as { function: UnaryFunction; alpha: number };
  return { unary: functionNumbers[name], alpha };
}

export const unary: OpEncoder = (call, writer) => {
  const [x, y] = [call.inputs[0]!, call.outputs[0]!];
  const length = sizeOf(x.shape);
  const { block, tasks } = blocks(length, elementsOfTask);
  const { unary: name, alpha } = functionOf(call);
  writer.stage(phase("unary", tasks, { x: x.address, y: y.address, length, block, name, alpha }));
};

export const unaryBackward: OpEncoder = (call, writer) => {
  const [dy, y] = call.inputs;
  const length = sizeOf(dy!.shape);
  const { block, tasks } = blocks(length, elementsOfTask);
  const { unary: name, alpha } = functionOf(call);
  const dx = call.outputs[0]!.address;
  writer.stage(phase("unaryBackward", tasks, { dy: dy!.address, y: y!.address, dx, length, block, name, alpha }));
};
