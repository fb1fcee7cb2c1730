import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, type Launch, launch } from "../program/launch.js";
import type { OpEncoder, WasmOp } from "../program/opWriter.js";

/** Numbers of one task. */
const taskElements = 8192;

/** `value` is the address of what goes into the average. */
export function movingAverageLaunch(op: WasmOp, value: number): Launch {
  const [state] = op.inputs;
  const { momentum } = attributesOf("movingAverage", op);
  const length = sizeOf(state!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  const args = { state: state!.address, value, length, block, momentum, share: 1 - momentum };
  return launch("movingAverage", tasks, args);
}

export const movingAverage: OpEncoder = (op, writer) => {
  writer.stage(movingAverageLaunch(op, op.inputs[1]!.address));
};
