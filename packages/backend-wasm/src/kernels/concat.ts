import { attributesOf, type Shape, sizeOf } from "@convoy/core/backend";
import { type Launch, launch, rowBlocks } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

/** Copies `rows` rows of `run` numbers to places `stride` numbers apart. */
export function copyLaunches(x: number, y: number, rows: number, run: number, stride: number): Launch[] {
  if (rows > 1 || run <= taskElements) {
    const { block, tasks } = rowBlocks(rows, run, taskElements);
    return [launch("concat", tasks, { x, y, rows, run, stride, block })];
  }
  // One long row as many.
  const whole = Math.floor(run / taskElements);
  const rest = run - whole * taskElements;
  const [part, done] = [taskElements, whole * taskElements * 4];
  return [
    launch("concat", whole, { x, y, rows: whole, run: part, stride: part, block: 1 }),
    ...(rest > 0
      ? [launch("concat", 1, { x: x + done, y: y + done, rows: 1, run: rest, stride: rest, block: 1 })]
      : []),
  ];
}

export const concat: OpEncoder = (op, writer) => {
  const { axis } = attributesOf("concat", op);
  const y = op.outputs[0]!;
  const runOf = (shape: Shape): number => sizeOf(shape.slice(axis));
  const rows = sizeOf(y.shape.slice(0, axis));
  let place = y.address;
  const launches = op.inputs.flatMap(({ shape, address }) => {
    const copies = copyLaunches(address, place, rows, runOf(shape), runOf(y.shape));
    place += runOf(shape) * 4;
    return copies;
  });
  writer.stage(...launches);
};
