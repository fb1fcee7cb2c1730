import { attributesOf, sizeOf } from "@convoy/core/backend";
import { unaryNumbers } from "../program/constants.js";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder, WasmOp } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

/** The function of a unary op or of its gradient as kernels take it; none where there is no such op. */
export function unaryArguments(op: WasmOp | undefined): { unary: number; alpha: number } {
  if (op === undefined) {
    return { unary: 0, alpha: 0 };
  }
  const { function: name, alpha } = attributesOf("unary", op);
  return { unary: unaryNumbers[name], alpha };
}

export const unary: OpEncoder = (op, writer) => {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const length = sizeOf(x.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  writer.stage(launch("unary", tasks, { x: x.address, y: y.address, length, block, ...unaryArguments(op) }));
};

export const unaryBackward: OpEncoder = (op, writer) => {
  const [dy, y] = op.inputs;
  const [dx] = op.outputs;
  const length = sizeOf(dy!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  const args = { dy: dy!.address, y: y!.address, dx: dx!.address, length, block, ...unaryArguments(op) };
  writer.stage(launch("unaryBackward", tasks, args));
};
