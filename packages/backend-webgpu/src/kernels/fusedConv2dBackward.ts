/**
 * [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter: everything that a
 * convolution layer does backwards, in up to five launches: the gradient behind pooling and activation, the bias' blocks,
 * the input gradient, the kernel's blocks, and one sum over all blocks. Before a normalization, where there is neither of the first
 * two, it takes two launches.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  gradientParts,
  type OpInstance,
  type PlanValue,
  partOf,
  sizeOf,
} from "@convoy/core/backend";
import { type BlockSum, blockSumWork, sumBlocks } from "../wgsl/blockSums.js";
import { columnSumScratch, columnSums } from "../wgsl/columnSums.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { spreadGradient } from "../wgsl/spreadGradient.js";
import { poolsSideBySide } from "./conv2d.js";
import { backwardFilter, backwardFilterScratch } from "./conv2dBackwardFilter.js";
import { backwardInput } from "./conv2dBackwardInput.js";
import { type Kernel, type KernelCall, scratch } from "./kernel.js";

/** float32 numbers of each part of the workspace; each starts on a multiple of 64. */
interface WorkspaceLayout {
  readonly gradient: number;
  readonly sums: number;
  readonly blocks: number;
}

function workspaceLayout(op: OpInstance): WorkspaceLayout {
  const whole = (length: number): number => Math.ceil(length / 64) * 64;
  const { activation, pooling, bias, kernel } = gradientParts(op);
  const producer = pooling ?? activation;
  // The bias gradient is summed over what comes from behind: pooling spreads it, but changes no sum.
  const { shape } = (activation ?? producer ?? kernel!).inputs[producer ? 0 : 1]!;
  const channels = shape.at(-1)!;
  return {
    gradient: producer ? whole(sizeOf(producer.outputs[0]!.shape)) : 0,
    sums: bias ? whole(columnSumScratch(sizeOf(shape) / channels, channels)) : 0,
    blocks: whole(backwardFilterScratch(kernel!.inputs[0]!.shape[0]!, kernel!.outputs[0]!.shape)),
  };
}

export const fusedConv2dBackward: Kernel<Attributes> = {
  supports: (op) => poolsSideBySide(partOf(op, "maxPool2dBackward")),
  workspaceBytes(op) {
    const { gradient, sums, blocks } = workspaceLayout(op);
    return 4 * (gradient + sums + blocks);
  },
  dispatches(call) {
    const { label, target } = call;
    const layout = workspaceLayout(call);
    const { activation, pooling, bias, input, kernel } = gradientParts(call);
    const producer = pooling ?? activation;
    const behind = (activation ?? producer ?? kernel!).inputs[producer ? 0 : 1]!;
    const slope = activation && {
      attributes: attributesOf("unaryBackward", activation),
      output: activation.inputs[1]!,
    };
    if (input && !producer && !bias) {
      return inputAndKernel(call, input, kernel!, layout);
    }
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
      add(
        columnSums({
          label: `${label}, bias`,
          input: behind,
          ...(slope ? { slope } : {}),
          rows,
          columns,
          sums: bias.outputs[0]!,
          partial: slice(call, "sums", layout.gradient, columnSumScratch(rows, columns)),
        }),
      );
    }
    if (input) {
      const attributes = attributesOf("conv2dBackwardInput", input);
      dispatches.push(...backwardInput(`${label}, input`, input, attributes, gradient, target));
    }
    const blocks = backwardFilterScratch(kernel!.inputs[0]!.shape[0]!, kernel!.outputs[0]!.shape);
    const partial = slice(call, "blocks", layout.gradient + layout.sums, blocks);
    const attributes = attributesOf("conv2dBackwardFilter", kernel!);
    add(backwardFilter(`${label}, kernel`, kernel!, attributes, gradient, partial, target));
    return sums.length > 0 ? [...dispatches, sumBlocks(`${label}, sums of blocks`, sums)] : dispatches;
  },
};

/**
 * Of a convolution whose output's gradient is there and that has no bias, as before a normalization: the kernel's blocks, then the
 * input gradient, whose launch adds the blocks up in workgroups of its own.
 */
function inputAndKernel(
  call: KernelCall,
  input: BoundOp<PlanValue>,
  kernel: BoundOp<PlanValue>,
  layout: WorkspaceLayout,
): Dispatch[] {
  const { label, target } = call;
  const [gradient] = input.inputs as [PlanValue];
  const blocks = backwardFilterScratch(kernel.inputs[0]!.shape[0]!, kernel.outputs[0]!.shape);
  const partial = slice(call, "blocks", layout.gradient + layout.sums, blocks);
  const attributes = attributesOf("conv2dBackwardFilter", kernel);
  const { dispatch, sum } = backwardFilter(`${label}, kernel`, kernel, attributes, gradient, partial, target);
  const beside = sum && blockSumWork([sum]);
  const [what, inputAttributes] = [sum ? "input, sum of blocks" : "input", attributesOf("conv2dBackwardInput", input)];
  return [dispatch, ...backwardInput(`${label}, ${what}`, input, inputAttributes, gradient, target, beside)];
}

/** The place of a tensor: its own, or at the start of the workspace where it has none. */
function placeOf(call: KernelCall, value: PlanValue): PlanValue {
  const { shape } = value;
  return value.buffer ? value : { ...scratch(call, "gradient", 0, sizeOf(shape)), shape };
}

function slice(call: KernelCall, name: string, offset: number, length: number): PlanValue | undefined {
  return length > 0 ? scratch(call, name, offset, length) : undefined;
}
