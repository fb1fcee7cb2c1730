/**
 * y[r,c] = x[r,c] + b[c]; input [...,C], bias [C] -> [...,C], and its gradient db[c] = sum over rows of dy[r,c].
 *
 * Cost: 8 bytes an element forward, 4 backward.
 */

import { type OpAttributes, sizeOf, type TensorSpec } from "@convoy/core/backend";
import { sumBlocks } from "../wgsl/blockSums.js";
import { columnSumScratch, columnSums } from "../wgsl/columnSums.js";
import { floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import { type Kernel, scratch } from "./kernel.js";

export const biasAdd: Kernel<OpAttributes["biasAdd"]> = {
  dispatches({ label, inputs: [input, bias], outputs: [output] }) {
    const channels = sizeOf(bias!.shape);
    const width = vectorWidth(channels);
    const type = floats(width);
    return [
      invocations(sizeOf(input!.shape) / width, `y[index] = x[index] + b[index % ${channels / width}u];`, {
        label,
        tensors: { x: reads(input!, type), b: reads(bias!, type), y: writes(output!, type) },
      }),
    ];
  },
};

export const biasAddBackward: Kernel<OpAttributes["biasAddBackward"]> = {
  workspaceBytes({ inputs: [outputGradient] }) {
    return 4 * columnSumScratch(...rowsAndColumns(outputGradient!));
  },
  dispatches(call) {
    const [outputGradient] = call.inputs;
    const [biasGradient] = call.outputs;
    const [rows, columns] = rowsAndColumns(outputGradient!);
    const length = columnSumScratch(rows, columns);
    const partial = length > 0 ? scratch(call, "sums", 0, length) : undefined;
    const { label } = call;
    const spec = { label, input: outputGradient!, rows, columns, sums: biasGradient!, partial };
    const { dispatch, sum } = columnSums(spec);
    return [dispatch, ...(sum ? [sumBlocks(`${label}, sum of blocks`, [sum])] : [])];
  },
};

function rowsAndColumns({ shape }: TensorSpec): [number, number] {
  const columns = shape.at(-1)!;
  return [sizeOf(shape) / columns, columns];
}
