import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Parameters of one task. */
const taskParameters = 8192;
/** Norms that a task should have at least where they are neighbours: a cache line of numbers. */
const minTaskNorms = 16;

interface Axis {
  readonly size: number;
  readonly stride: number;
}

const single: Axis = { size: 1, stride: 0 };

export const constrainNorm: OpEncoder = (op, writer) => {
  const w = op.inputs[0]!;
  const { kind, limit, axes } = attributesOf("constrainNorm", op);
  // Neighbours of one kind are one axis.
  const joined: { size: number; stride: number; reduced: boolean }[] = [];
  w.shape.forEach((size, axis) => {
    const reduced = axes.includes(axis);
    const stride = sizeOf(w.shape.slice(axis + 1));
    const last = joined[joined.length - 1];
    if (last?.reduced === reduced) {
      joined[joined.length - 1] = { size: last.size * size, stride, reduced };
    } else {
      joined.push({ size, stride, reduced });
    }
  });
  const pairOf = (wanted: boolean): [Axis, Axis] =>
    [single, single, ...joined.filter(({ reduced }) => reduced === wanted)].slice(-2) as [Axis, Axis];
  const [A, B] = pairOf(false);
  const [R, S] = pairOf(true);
  const norms = A.size * B.size;
  const target = Math.max(minTaskNorms, Math.round((taskParameters * norms) / sizeOf(w.shape)));
  const { block, tasks } = elementBlocks(norms, target);
  writer.stage(
    launch("constrainNorm", tasks, {
      w: w.address,
      A: A.size,
      B: B.size,
      strideA: A.stride,
      strideB: B.stride,
      R: R.size,
      S: S.size,
      strideR: R.stride,
      strideS: S.stride,
      block,
      limit,
      unit: Number(kind === "unit"),
    }),
  );
};

export const nonNegative: OpEncoder = ({ inputs: [w] }, writer) => {
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  writer.stage(launch("nonNegative", tasks, { w: w!.address, length, block }));
};
