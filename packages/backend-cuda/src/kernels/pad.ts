import { attributesOf, type OpAttributes, type Shape, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

export const pad: OpKernel = {
  launches(op, { multiprocessors }) {
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(y.shape);
    const shape = padShape(x.shape, attributesOf("pad", op));
    return [launch("pad", [sharedBlocksFor(count, multiprocessors), 1], { x, y, shape, count })];
  },
};

interface PaddedAxis {
  readonly size: number;
  readonly before: number;
  readonly after: number;
}

/** Four axes; those that stay as they are have become part of the one before them. */
function padShape(shape: Shape, { before, after }: OpAttributes["pad"]): StructValues<"PadShape"> {
  const axes: PaddedAxis[] = [];
  shape.forEach((size, axis) => {
    const [zerosBefore, zerosAfter] = [before[axis]!, after[axis]!];
    const outer = zerosBefore === 0 && zerosAfter === 0 ? axes.pop() : undefined;
    axes.push(
      outer
        ? { size: outer.size * size, before: outer.before * size, after: outer.after * size }
        : { size, before: zerosBefore, after: zerosAfter },
    );
  });
  while (axes.length < 4) {
    axes.unshift({ size: 1, before: 0, after: 0 });
  }
  return {
    by: axes.slice(1).map((axis) => divisorOf(axis.size + axis.before + axis.after)),
    sizes: axes.map(({ size }) => size),
    before: axes.map((axis) => axis.before),
  };
}
