import { attributesOf, type Shape, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch, rowBlocks } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { copyLaunches } from "./concat.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;
/** Columns of one task. */
const taskColumns = 64;

/** An axis of the output, with the numbers from one position to the next in input and output. */
interface Axis {
  readonly size: number;
  readonly stride: number;
  readonly outStride: number;
}

/** The axes of the output, without those of size 1, and joined where two are neighbours in the input too. */
function axesOf(shape: Shape, permutation: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (const [position, axis] of permutation.entries()) {
    const size = shape[axis]!;
    const stride = sizeOf(shape.slice(axis + 1));
    const outStride = sizeOf(permutation.slice(position + 1).map((other) => shape[other]!));
    const last = axes[axes.length - 1];
    if (size > 1) {
      if (last?.stride === stride * size) {
        axes[axes.length - 1] = { size: last.size * size, stride, outStride };
      } else {
        axes.push({ size, stride, outStride });
      }
    }
  }
  return axes;
}

const single: Axis = { size: 1, stride: 0, outStride: 0 };

export const transpose: OpEncoder = (op, writer) => {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const { permutation } = attributesOf("transpose", op);
  const axes = axesOf(x.shape, permutation);
  const places = { x: x.address, y: y.address };
  if (axes.length < 2) {
    const length = sizeOf(x.shape);
    writer.stage(...copyLaunches(places.x, places.y, 1, length, length));
    return;
  }
  const last = axes[axes.length - 1]!;
  if (last.stride === 1) {
    const outer = [single, single, ...axes.slice(0, -1)].slice(-3) as [Axis, Axis, Axis];
    const [{ stride: strideA }, { size: B, stride: strideB }, { size: C, stride: strideC }] = outer;
    const run = last.size;
    const rows = sizeOf(x.shape) / run;
    const { block, tasks } = rowBlocks(rows, run, taskElements);
    writer.stage(launch("transposeRows", tasks, { ...places, B, C, strideA, strideB, strideC, rows, run, block }));
    return;
  }
  const contiguous = axes.find(({ stride }) => stride === 1)!;
  const others = axes.filter((axis) => axis !== contiguous && axis !== last);
  const [A, B] = [single, single, ...others].slice(-2) as [Axis, Axis];
  const [rows, columns] = [last.size, contiguous.size];
  const { block: columnBlock, tasks: columnTasks } = elementBlocks(columns, taskColumns);
  const { block: rowBlock, tasks: rowTasks } = elementBlocks(rows, taskElements / Math.min(columns, taskColumns));
  writer.stage(
    launch("transpose", A.size * B.size * rowTasks * columnTasks, {
      ...places,
      B: B.size,
      strideA: A.stride,
      strideB: B.stride,
      outStrideA: A.outStride,
      outStrideB: B.outStride,
      rows,
      columns,
      stride: last.stride,
      outStride: contiguous.outStride,
      rowBlock,
      rowTasks,
      columnBlock,
      columnTasks,
    }),
  );
};
