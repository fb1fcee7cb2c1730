/**
 * [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter: everything that a
 * convolution layer does backwards, in up to five launches: the gradient behind pooling and activation, the bias' blocks,
 * the input gradient, the kernel's blocks, and one sum over all blocks.
 */

import { type Attributes, type OpAttributes, type OpInstance, type PlanValue, sizeOf } from "@convoy/core/backend";
import { type BlockSum, sumBlocks } from "../wgsl/blockSums.js";
import { type ColumnSums, columnSumScratch, columnSums } from "../wgsl/columnSums.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { type Kernel, type KernelCall, scratch } from "../wgsl/kernel.js";
import { spreadGradient } from "../wgsl/spreadGradient.js";
import { isSimplePooling } from "./conv2d.js";
import { backwardFilter, backwardFilterScratch } from "./conv2dBackwardFilter.js";
import { backwardInput } from "./conv2dBackwardInput.js";

function find<P extends { readonly op: string }>(parts: readonly P[], op: string): P | undefined {
  return parts.find((part) => part.op === op);
}

/** float32 numbers of each part of the workspace; each starts on a multiple of 64. */
interface Room {
  readonly gradient: number;
  readonly sums: number;
  readonly blocks: number;
}

function roomOf(parts: readonly Pick<OpInstance, "op" | "inputs" | "outputs">[]): Room {
  const whole = (length: number): number => Math.ceil(length / 64) * 64;
  const producer = find(parts, "maxPool2dBackward") ?? find(parts, "unaryBackward");
  const filter = find(parts, "conv2dBackwardFilter")!;
  // The bias gradient is summed over what comes from behind: pooling spreads it, but changes no sum.
  const { shape } = (find(parts, "unaryBackward") ?? producer ?? filter).inputs[producer ? 0 : 1]!;
  const channels = shape.at(-1)!;
  return {
    gradient: producer ? whole(sizeOf(producer.outputs[0]!.shape)) : 0,
    sums: find(parts, "biasAddBackward") ? whole(columnSumScratch(sizeOf(shape) / channels, channels)) : 0,
    blocks: whole(backwardFilterScratch(filter.inputs[0]!.shape[0]!, filter.outputs[0]!.shape)),
  };
}

export const fusedConv2dBackward: Kernel<Attributes> = {
  supports({ parts }) {
    const pooling = find(parts!, "maxPool2dBackward");
    return (
      pooling === undefined || isSimplePooling(pooling) || "pooling windows that are not 2x2, side by side, unpadded"
    );
  },
  workspaceBytes({ parts }) {
    const { gradient, sums, blocks } = roomOf(parts!);
    return 4 * (gradient + sums + blocks);
  },
  dispatches(call) {
    const { label, parts } = call;
    const room = roomOf(parts);
    const [activation, pooling] = [find(parts, "unaryBackward"), find(parts, "maxPool2dBackward")];
    const [bias, input] = [find(parts, "biasAddBackward"), find(parts, "conv2dBackwardInput")];
    const filter = find(parts, "conv2dBackwardFilter")!;
    const producer = pooling ?? activation;
    const behind = (activation ?? producer ?? filter).inputs[producer ? 0 : 1]!;
    const slope = activation && {
      attributes: activation.attributes as unknown as OpAttributes["unary"],
      output: activation.inputs[1]!,
    };
    const dispatches: Dispatch[] = [];
    const sums: BlockSum[] = [];
    const add = ({ dispatch, sum }: { readonly dispatch: Dispatch; readonly sum?: BlockSum }): void => {
      dispatches.push(dispatch);
      sums.push(...(sum ? [sum] : []));
    };

    let gradient = behind;
    if (producer) {
      gradient = placeOf(call, producer.outputs[0]!);
      dispatches.push(
        spreadGradient({
          label: `${label}, spread`,
          gradient: behind,
          ...(pooling ? { argmax: pooling.inputs[1]! } : {}),
          ...(slope ? { slope } : {}),
          output: gradient,
        }),
      );
    }
    if (bias) {
      const columns = behind.shape.at(-1)!;
      const rows = sizeOf(behind.shape) / columns;
      const problem: ColumnSums = {
        label: `${label}, bias`,
        input: behind,
        ...(slope ? { slope } : {}),
        rows,
        columns,
        sums: bias.outputs[0]!,
        partial: slice(call, "sums", room.gradient, columnSumScratch(rows, columns)),
      };
      add(columnSums(problem));
    }
    if (input) {
      dispatches.push(...backwardInput(`${label}, input`, input, gradient));
    }
    const blocks = backwardFilterScratch(filter.inputs[0]!.shape[0]!, filter.outputs[0]!.shape);
    const partial = slice(call, "blocks", room.gradient + room.sums, blocks);
    add(backwardFilter(`${label}, kernel`, filter, gradient, partial));
    return sums.length > 0 ? [...dispatches, sumBlocks(`${label}, sums of blocks`, sums)] : dispatches;
  },
};

/** The place of a tensor: its own, or at the start of the workspace where it has none. */
function placeOf(call: KernelCall, value: PlanValue): PlanValue {
  const { shape } = value;
  return value.buffer ? value : { ...scratch(call, "gradient", 0, sizeOf(shape)), shape };
}

function slice(call: KernelCall, name: string, offset: number, length: number): PlanValue | undefined {
  return length > 0 ? scratch(call, name, offset, length) : undefined;
}
