/**
 * y[m,n] = sum over k of a[m,k] b[k,n]; a [M,K], b [K,N] -> [M,N], either stored transposed.
 *
 * `fusedDense` adds bias and activation before the result leaves the registers. `fusedDenseBackward` computes the bias
 * gradient and both products from one gradient; the derivative of the activation is multiplied in first, once.
 */

import {
  type Attributes,
  matMulSizes,
  type OpAttributes,
  type OpInstance,
  type PlanValue,
  sizeOf,
} from "@convoy/core/backend";
import { byVariant } from "../product/byStyle.js";
import { type Epilogue, epilogueOf } from "../product/epilogue.js";
import { matMulRegisters } from "../product/matMulRegisters.js";
import type { MatMulProblem } from "../product/matMulSpec.js";
import { matMulTiled } from "../product/matMulTiled.js";
import { sumBlocks } from "../wgsl/blockSums.js";
import { columnSumScratch, columnSums } from "../wgsl/columnSums.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { type Kernel, type KernelCall, scratch } from "../wgsl/kernel.js";
import { unaryBackward } from "./unary.js";

type MatMulAttributes = OpAttributes["matMul"];

function product(call: KernelCall, label: string, output: PlanValue, epilogue: Epilogue): Dispatch[] {
  const [a, b] = call.inputs as [PlanValue, PlanValue];
  const attributes = call.attributes as unknown as MatMulAttributes;
  const problem: MatMulProblem = { label, a, b, output, attributes, ...matMulSizes(a, b, attributes), epilogue };
  return [byVariant(problem, call.target, matMulTiled, matMulRegisters)];
}

export const matMul: Kernel<OpAttributes["matMul"]> = {
  dispatches: (call) => product(call as unknown as KernelCall, call.label, call.outputs[0]!, {}),
};

/** matMul [biasAdd] [unary]; the last part's output is the result. */
export const fusedDense: Kernel<Attributes> = {
  dispatches: ({ label, parts }) => product(parts[0]!, label, parts.at(-1)!.outputs[0]!, epilogueOf(parts)),
};

/** [unaryBackward] [biasAddBackward] matMul matMul. */
export const fusedDenseBackward: Kernel<Attributes> = {
  workspaceBytes: (op) => 4 * (gradientScratch(op) + biasScratch(op)),
  dispatches(call) {
    const { parts, target } = call;
    const activation = parts.find(({ op }) => op === "unaryBackward");
    const dispatches: Dispatch[] = [];
    // The gradient may be read by nothing else: then it has no memory but the workspace.
    const replaced = new Map<number, PlanValue>();
    let used = 0;
    if (activation) {
      const [gradient] = activation.outputs as [PlanValue];
      const place = gradient.buffer
        ? gradient
        : { ...scratch(call, "gradient", 0, sizeOf(gradient.shape)), shape: gradient.shape };
      used = Math.ceil(sizeOf(gradient.shape) / 64) * 64;
      replaced.set(gradient.id, place);
      dispatches.push(...unaryBackward.dispatches({ ...activation, outputs: [place], target } as never));
    }
    const located = (part: KernelCall): KernelCall => ({
      ...part,
      inputs: part.inputs.map((input) => replaced.get(input.id) ?? input),
    });
    for (const part of parts.map(located)) {
      if (part.op === "biasAddBackward") {
        const [rows, columns] = rowsAndColumns(part.inputs[0]!.shape);
        const length = columnSumScratch(rows, columns);
        const partial = length > 0 ? scratch(call, "sums", used, length) : undefined;
        const [input, sums] = [part.inputs[0]!, part.outputs[0]!];
        const { dispatch, sum } = columnSums({ label: `${call.label}, bias`, input, rows, columns, sums, partial });
        dispatches.push(dispatch, ...(sum ? [sumBlocks(`${call.label}, bias, sum of blocks`, [sum])] : []));
      } else if (part.op === "matMul") {
        const { transposeA } = part.attributes;
        dispatches.push(...product(part, `${call.label}, ${transposeA ? "kernel" : "input"}`, part.outputs[0]!, {}));
      }
    }
    return dispatches;
  },
};

function rowsAndColumns(shape: readonly number[]): [number, number] {
  const columns = shape.at(-1)!;
  return [sizeOf(shape) / columns, columns];
}

/** Room for the gradient before the activation, in float32 numbers, whole blocks of 256 bytes. */
function gradientScratch({ parts }: OpInstance): number {
  const activation = parts!.find(({ op }) => op === "unaryBackward");
  return activation ? Math.ceil(sizeOf(activation.outputs[0]!.shape) / 64) * 64 : 0;
}

function biasScratch({ parts }: OpInstance): number {
  const bias = parts!.find(({ op }) => op === "biasAddBackward");
  return bias ? columnSumScratch(...rowsAndColumns(bias.inputs[0]!.shape)) : 0;
}
