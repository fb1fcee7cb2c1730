/**
 * [add] [unaryBackward] batchNormBackwardSums [batchNormBackwardInput] in two launches: with g = (a + b) f'(y), the gradient of the
 * normalization's output, one leaves for blocks of rows the sums of g (x - mean) and of g, the other merges them, stores both
 * gradients of vectors and makes dx = gamma / sqrt(variance + epsilon) (g - offsetGradient / R - xhat scaleGradient / R).
 *
 * g is stored where something else reads it. Otherwise the second launch computes it again, which moves as many bytes as storing and
 * reading it; only of a sum behind an activation it is kept, in the place of dx, which the second launch overwrites. So it moves 20
 * bytes an element, 28 with an activation or a sum, 32 with both; without dx 8, 12 and 16. Mean and variance go to the second
 * launch through the workspace: it binds eight tensors at most. Not measured on a card.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  type NormGradientParts,
  normGradientParts,
  type OpInstance,
  type PlanValue,
  takesParts,
} from "@convoy/core/backend";
import { slopeDeclaration } from "../wgsl/activation.js";
import { columnMerge } from "../wgsl/columnMerge.js";
import { columnBlocks, leftBlocks } from "../wgsl/columnReduction.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { rowsOf } from "../wgsl/momentSlots.js";
import { inverseDeviation } from "../wgsl/normalization.js";
import { float, floats, mapped, reads, type TensorUse, vectorWidth, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import { type Kernel, type KernelCall, scratch } from "./kernel.js";

/** Rows of the workspace: mean and variance, then two sums a block. */
const [headRows, blockRows] = [2, 2];

function blocksOf({ inputs }: Pick<OpInstance, "inputs">, target: KernelTarget): number {
  const { shape } = inputs[1]!;
  return leftBlocks({ rows: rowsOf(shape), columns: shape.at(-1)!, target });
}

function scratchLength(sums: Pick<OpInstance, "inputs">, target: KernelTarget): number {
  return (headRows + blockRows * blocksOf(sums, target)) * sums.inputs[1]!.shape.at(-1)!;
}

/** The gradient of the normalization's output as code for element `at`. */
interface GradientCode {
  readonly code: string;
  readonly tensors: Readonly<Record<string, TensorUse>>;
  readonly declarations: string;
}

function computed(
  { addition, activation, sums }: NormGradientParts<BoundOp<PlanValue>>,
  type: "f32" | "vec2f" | "vec4f",
  width: 1 | 2 | 4,
): GradientCode {
  const [first, second] = addition?.inputs ?? [(activation ?? sums).inputs[0]];
  const sum = second ? "(gradientA[at] + gradientB[at])" : "gradientA[at]";
  return {
    code: activation ? `${sum} * ${mapped("slope", "operand[at]", width)}` : sum,
    tensors: {
      gradientA: reads(first!, type),
      ...(second ? { gradientB: reads(second, type) } : {}),
      ...(activation ? { operand: reads(activation.inputs[1]!, type) } : {}),
    },
    declarations: activation ? slopeDeclaration(attributesOf("unaryBackward", activation)) : "",
  };
}

function dispatches(call: KernelCall): Dispatch[] {
  const { label, target } = call;
  const parts = normGradientParts<BoundOp<PlanValue>>(call);
  const { addition, activation, sums, input } = parts;
  const [gradient, x, mean, variance] = sums.inputs as [PlanValue, PlanValue, PlanValue, PlanValue];
  const [scaleGradient, offsetGradient] = sums.outputs as [PlanValue, PlanValue];
  const dx = input?.outputs[0];
  const columns = x.shape.at(-1)!;
  const rows = rowsOf(x.shape);
  const width = vectorWidth(columns);
  const vectors = columns / width;
  const type = floats(width);
  const { epsilon } = attributesOf("batchNormBackwardSums", sums);
  const partial = scratch(call, "sums", 0, scratchLength(sums, target));
  const blocks = blocksOf(sums, target);

  const made = computed(parts, type, width);
  const needed = (addition ?? activation) && gradient.buffer ? gradient : undefined;
  const kept = needed ?? (addition && activation ? dx : undefined);
  const first = columnBlocks({
    label: `${label}, sums`,
    rows,
    columns,
    target,
    declarations: made.declarations,
    tensors: () => ({
      ...made.tensors,
      inputs: reads(x, type),
      meanOf: reads(mean, type),
      varianceOf: reads(variance, type),
      partial: writes(partial, type),
      ...(kept ? { kept: writes(kept, type) } : {}),
    }),
    state: ["products", "sum"],
    walk: () => `let centre = meanOf[column];
    for (var row = first; row < end; row += stride) {
      let at = row * ${vectors}u + column;
      let gradient = ${made.code};
      ${kept ? "kept[at] = gradient;" : ""}
      products += gradient * (inputs[at] - centre);
      sum += gradient;
    }`,
    merge: "products += productsOther; sum += sumOther;",
    leave: `partial[(block * ${blockRows}u + ${headRows}u) * ${vectors}u + column] = products;
    partial[(block * ${blockRows}u + ${headRows + 1}u) * ${vectors}u + column] = sum;
    if (block == 0u) {
      partial[column] = meanOf[column];
      partial[${vectors}u + column] = varianceOf[column];
    }`,
  });

  const again = kept ? { code: "kept[at]", tensors: { kept: reads(kept, type) }, declarations: "" } : made;
  const gamma = input?.inputs[6];
  const second = columnMerge({
    label,
    rows,
    columns,
    target,
    declarations: dx ? again.declarations : "",
    tensors: {
      partial: reads(partial, type),
      ...(dx ? { ...again.tensors, inputs: reads(x, type), ...(gamma ? { gammaOf: reads(gamma, type) } : {}) } : {}),
      ...(scaleGradient.buffer ? { scaleGradient: writes(scaleGradient, type) } : {}),
      ...(offsetGradient.buffer ? { offsetGradient: writes(offsetGradient, type) } : {}),
      ...(dx ? { dx: writes(dx, type) } : {}),
    },
    state: ["products", "sum"],
    states: `${blocks}u`,
    take: `let productsOther = partial[(block * ${blockRows}u + ${headRows}u) * ${vectors}u + column];
      let sumOther = partial[(block * ${blockRows}u + ${headRows + 1}u) * ${vectors}u + column];`,
    merge: "products += productsOther; sum += sumOther;",
    prepare: `let inverse = ${inverseDeviation(`partial[${vectors}u + column]`, epsilon)};
      let scaled = products * inverse;
      ${
        dx
          ? `let centre = partial[column];
      let offset = sum * ${float(1 / rows)};
      let tilt = inverse * scaled * ${float(1 / rows)};
      let factor = inverse${gamma ? " * gammaOf[column]" : ""};`
          : ""
      }`,
    once: [
      ...(scaleGradient.buffer ? ["scaleGradient[column] = scaled;"] : []),
      ...(offsetGradient.buffer ? ["offsetGradient[column] = sum;"] : []),
    ].join(" "),
    each: dx && `let gradient = ${again.code}; dx[at] = factor * (gradient - offset - (inputs[at] - centre) * tilt);`,
  });
  return [first, second];
}

export const fusedBatchNormBackward: Kernel<Attributes> = {
  supports: (op) => takesParts(op, ["add", "unaryBackward", "batchNormBackwardSums", "batchNormBackwardInput"]),
  workspaceBytes: (op, target) => 4 * scratchLength(normGradientParts(op).sums, target),
  dispatches,
};
