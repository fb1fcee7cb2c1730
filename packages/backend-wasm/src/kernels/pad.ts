import { attributesOf } from "@convoy/core/backend";
import { elementBlocks, launch, rowBlocks } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;

interface Axis {
  readonly size: number;
  readonly before: number;
  readonly outSize: number;
}

/** Without padding of its own an axis becomes a part of the one before it. */
function joined(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  for (const axis of axes) {
    const last = result[result.length - 1];
    if (last !== undefined && axis.before === 0 && axis.size === axis.outSize) {
      const { size } = axis;
      result[result.length - 1] = { size: last.size * size, before: last.before * size, outSize: last.outSize * size };
    } else {
      result.push(axis);
    }
  }
  return result;
}

const single: Axis = { size: 1, before: 0, outSize: 1 };

export const pad: OpEncoder = (op, writer) => {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const { before } = attributesOf("pad", op);
  const axes = joined(x.shape.map((size, axis) => ({ size, before: before[axis]!, outSize: y.shape[axis]! })));
  const [A, B, C, D] = [...Array<Axis>(4 - axes.length).fill(single), ...axes] as [Axis, Axis, Axis, Axis];
  const rows = A.outSize * B.outSize * C.outSize;
  const { block: pieceSize, tasks: pieces } = elementBlocks(D.outSize, taskElements);
  const { block, tasks } = rowBlocks(rows, D.outSize, taskElements);
  writer.stage(
    launch("pad", tasks * pieces, {
      x: x.address,
      y: y.address,
      A: A.size,
      B: B.size,
      C: C.size,
      D: D.size,
      outB: B.outSize,
      outC: C.outSize,
      outD: D.outSize,
      beforeA: A.before,
      beforeB: B.before,
      beforeC: C.before,
      beforeD: D.before,
      rows,
      block,
      pieces,
      pieceSize,
    }),
  );
};
