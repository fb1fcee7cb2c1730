import { attributesOf, type OpInstance, type Shape, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

/** Positions are counted in units of 1 / (2 outputs), in 31 bits. */
const maxPosition = 2 ** 31 - 1;

function fits({ inputs, outputs }: OpInstance): true | string {
  const [from, to] = [inputs[0]!.shape, outputs[0]!.shape];
  const largest = Math.max(...[1, 2].map((axis) => 2 * (from[axis]! + 2) * (to[axis]! + 2)));
  return (
    largest <= maxPosition ||
    `sizes ${from.slice(1, 3)} and ${to.slice(1, 3)} are too large for the CUDA resize kernels`
  );
}

export const resize2d: OpKernel = {
  supports: fits,
  launches(op, { multiprocessors }) {
    const { interpolation } = attributesOf("resize2d", op);
    const [x, y] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(y.shape);
    const values = { x, y, shape: resizeShape(x.shape, y.shape, y.shape), count };
    const kernel = interpolation === "nearest" ? "resizeNearest" : "resizeBilinear";
    return [launch(kernel, [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};

export const resize2dBackward: OpKernel = {
  supports: fits,
  launches(op, { multiprocessors }) {
    const { interpolation } = attributesOf("resize2dBackward", op);
    const [dy, dx] = [op.inputs[0]!, op.outputs[0]!];
    const count = sizeOf(dx.shape);
    const values = { dy, dx, shape: resizeShape(dx.shape, dy.shape, dx.shape), count };
    const kernel = interpolation === "nearest" ? "resizeNearestBackward" : "resizeBilinearBackward";
    return [launch(kernel, [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};

/** From `input` [N,H,W,C] to `output` [N,OH,OW,C], for a kernel with a thread for each element of `written`. */
function resizeShape(input: Shape, output: Shape, written: Shape): StructValues<"ResizeShape"> {
  const axis = (index: 1 | 2): StructValues<"ResizeAxis"> => ({
    inputs: input[index]!,
    outputs: output[index]!,
    byUnit: divisorOf(2 * output[index]!),
    byStep: divisorOf(2 * input[index]!),
  });
  const [, height, width, channels] = written as [number, number, number, number];
  return {
    C: channels,
    rows: axis(1),
    columns: axis(2),
    byC: divisorOf(channels),
    byWidth: divisorOf(width),
    byHeight: divisorOf(height),
  };
}
