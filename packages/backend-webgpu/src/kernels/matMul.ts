/**
 * y[m,n] = sum over k of a[m,k] b[k,n]; a [M,K], b [K,N] -> [M,N], either stored transposed.
 *
 * `fusedDense` adds bias and activation before the result leaves the registers. `fusedDenseBackward` computes the bias
 * gradient and both products from one gradient; the derivative of the activation is multiplied in first, once.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  chainParts,
  gradientParts,
  matMulSizes,
  type OpAttributes,
  type OpInstance,
  type PlanValue,
  sizeOf,
} from "@convoy/core/backend";
import { byStyle } from "../product/byStyle.js";
import { type Epilogue, epilogueOf } from "../product/epilogue.js";
import { matMulRegisters } from "../product/matMulRegisters.js";
import type { MatMulSpec } from "../product/matMulSpec.js";
import { matMulTiled } from "../product/matMulTiled.js";
import { sumBlocks } from "../wgsl/blockSums.js";
import { columnSumScratch, columnSums } from "../wgsl/columnSums.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { KernelTarget } from "../wgsl/target.js";
import { callOf, type Kernel, scratch } from "./kernel.js";
import { unaryBackward } from "./unary.js";

type MatMulAttributes = OpAttributes["matMul"];

/** y = a b, then the epilogue. */
interface Product {
  readonly label: string;
  readonly inputs: readonly PlanValue[];
  readonly output: PlanValue;
  readonly attributes: MatMulAttributes;
  readonly epilogue?: Epilogue;
}

function product({ label, inputs, output, attributes, epilogue = {} }: Product, target: KernelTarget): Dispatch {
  const [a, b] = inputs as [PlanValue, PlanValue];
  const spec: MatMulSpec = { label, a, b, output, attributes, ...matMulSizes(a, b, attributes), epilogue };
  return byStyle(spec, target, matMulTiled, matMulRegisters);
}

export const matMul: Kernel<MatMulAttributes> = {
  dispatches: ({ label, attributes, inputs, outputs, target }) => [
    product({ label, inputs, output: outputs[0]!, attributes }, target),
  ],
};

/** matMul [biasAdd] [unary]; the last part's output is the result. */
export const fusedDense: Kernel<Attributes> = {
  dispatches(call) {
    const { head, last } = chainParts<BoundOp<PlanValue>>(call);
    const { label, target } = call;
    const attributes = attributesOf("matMul", head);
    const epilogue = epilogueOf(call);
    return [product({ label, inputs: head.inputs, output: last.outputs[0]!, attributes, epilogue }, target)];
  },
};

/** [unaryBackward] [biasAddBackward] matMul matMul. */
export const fusedDenseBackward: Kernel<Attributes> = {
  workspaceBytes: (op) => 4 * (gradientScratch(op) + biasScratch(op)),
  dispatches(call) {
    const { label, target } = call;
    const { activation, bias, input, kernel } = gradientParts(call);
    const dispatches: Dispatch[] = [];
    // The gradient before the activation. It may be read by nothing else: then it has no memory but the workspace.
    let place: PlanValue | undefined;
    if (activation) {
      const [gradient] = activation.outputs as [PlanValue];
      place = gradient.buffer
        ? gradient
        : { ...scratch(call, "gradient", 0, sizeOf(gradient.shape)), shape: gradient.shape };
      const attributes = attributesOf("unaryBackward", activation);
      dispatches.push(...unaryBackward.dispatches({ ...callOf(activation, target), attributes, outputs: [place] }));
    }
    if (bias) {
      const gradient = place ?? bias.inputs[0]!;
      const [rows, columns] = rowsAndColumns(gradient.shape);
      const length = columnSumScratch(rows, columns);
      const partial = length > 0 ? scratch(call, "sums", gradientScratch(call), length) : undefined;
      const sums = bias.outputs[0]!;
      const { dispatch, sum } = columnSums({ label: `${label}, bias`, input: gradient, rows, columns, sums, partial });
      dispatches.push(dispatch, ...(sum ? [sumBlocks(`${label}, bias, sum of blocks`, [sum])] : []));
    }
    const multiply = (name: string, part: BoundOp<PlanValue>, inputs: readonly PlanValue[]): void => {
      const attributes = attributesOf("matMul", part);
      dispatches.push(product({ label: `${label}, ${name}`, inputs, output: part.outputs[0]!, attributes }, target));
    };
    if (input) {
      multiply("input", input, [place ?? input.inputs[0]!, input.inputs[1]!]);
    }
    if (kernel) {
      multiply("kernel", kernel, [kernel.inputs[0]!, place ?? kernel.inputs[1]!]);
    }
    return dispatches;
  },
};

function rowsAndColumns(shape: readonly number[]): [number, number] {
  const columns = shape.at(-1)!;
  return [sizeOf(shape) / columns, columns];
}

/** Room for the gradient before the activation, in float32 numbers, whole blocks of 256 bytes. */
function gradientScratch(op: OpInstance): number {
  const { activation } = gradientParts(op);
  return activation ? Math.ceil(sizeOf(activation.outputs[0]!.shape) / 64) * 64 : 0;
}

function biasScratch(op: OpInstance): number {
  const { bias } = gradientParts(op);
  return bias ? columnSumScratch(...rowsAndColumns(bias.inputs[0]!.shape)) : 0;
}
