/**
 * batchNorm [movingAverage x2] [add] [unary] in two launches: one leaves the statistics of blocks of rows in the workspace, the
 * other merges them, stores mean and variance, moves the moving ones on, normalizes, adds and activates. Behind a convolution
 * that leaves the statistics itself (fusedConv2dBatchNorm.ts) only the second one is needed.
 *
 * It moves 12 bytes an element, 16 with an addend: the input twice, as the statistics need every row, and the output. Not
 * measured on a card.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  chainParts,
  type OpInstance,
  type PlanValue,
  type Shape,
  takesParts,
} from "@convoy/core/backend";
import { activateDeclaration } from "../wgsl/activation.js";
import { columnMerge } from "../wgsl/columnMerge.js";
import { columnBlocks, leftBlocks } from "../wgsl/columnReduction.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import {
  leaveMoments,
  type MomentSlots,
  rowsOf,
  slotBytes,
  slotReads,
  slotsIn,
  slotTensors,
} from "../wgsl/momentSlots.js";
import { mergeMoments, walkMoments } from "../wgsl/moments.js";
import { gammaAndBeta, inverseDeviation } from "../wgsl/normalization.js";
import { float, floats, mapped, reads, type TensorUse, vectorWidth, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { Kernel, KernelCall } from "./kernel.js";

/** What `supports` says to the parts behind a batchNorm: its averages are bound one by one. */
export function takesAverages(op: OpInstance): true | string {
  const { averages } = chainParts(op);
  return averages.length <= 2 || `${op.op} with ${averages.length} moving averages, which are at most two here`;
}

/** The parts of a chain with a batchNorm as the launches take them. */
export interface NormalizedChain {
  readonly normalization: BoundOp<PlanValue>;
  /** What is normalized, wherever it lies. */
  readonly x: PlanValue;
  readonly slots: PlanValue;
}

/** The workspace as slots, with gamma and beta to be copied there. */
export function momentSlots({ normalization, slots }: Omit<NormalizedChain, "x">): MomentSlots {
  const [, ...vectors] = normalization.inputs;
  return { slots, ...gammaAndBeta(vectors, attributesOf("batchNorm", normalization)) };
}

/** The launch that makes the output out of what is normalized and the statistics that the one before it has left. */
export function normalizeMerged(
  label: string,
  call: KernelCall,
  { normalization, x, slots }: NormalizedChain,
): Dispatch {
  const { averages, addition, activation, last } = chainParts<BoundOp<PlanValue>>(call);
  const { epsilon, scale, center } = attributesOf("batchNorm", normalization);
  const [normalized, mean, variance] = normalization.outputs as [PlanValue, PlanValue, PlanValue];
  const columns = x.shape.at(-1)!;
  const rows = rowsOf(x.shape);
  const width = vectorWidth(columns);
  const type = floats(width);
  const slot = slotReads({ channels: columns, width });
  // Nothing may read the output of a batchNorm whose statistics are wanted.
  const y = last.outputs[0]!.buffer ? last.outputs[0]! : undefined;
  const before = addition?.inputs.find((input) => input !== normalized);
  // A sum with the very input of the normalization reads it where it lies.
  const addend = before === normalization.inputs[0] ? x : before;
  const moving = averages.map((average, index) => ({
    name: `moving${index}`,
    state: average.inputs[0]!,
    value: average.inputs[1] === mean ? "centre" : "spread",
    momentum: attributesOf("movingAverage", average).momentum,
  }));
  const tensors: Record<string, TensorUse> = {
    slots: reads(slots, type),
    ...(y
      ? { inputs: reads(x, type), ...(addend ? { addend: reads(addend, type) } : {}), outputs: writes(y, type) }
      : {}),
    ...(mean.buffer ? { meanOf: writes(mean, type) } : {}),
    ...(variance.buffer ? { varianceOf: writes(variance, type) } : {}),
    ...Object.fromEntries(moving.map(({ name, state }) => [name, writes(state, type)])),
  };
  const value = `(inputs[at] - centre) * factor${center ? " + offset" : ""}${addend ? " + addend[at]" : ""}`;
  return columnMerge({
    label,
    rows,
    columns,
    target: call.target,
    tensors,
    declarations: activation ? activateDeclaration(attributesOf("unary", activation)) : "",
    state: ["mean", "squares"],
    counted: true,
    begin: `let pivot = ${slot.of("0u", "mean")};`,
    states: slot.total,
    take: `let countOther = ${slot.of("block", "count")};
      let meanOther = ${slot.of("block", "mean")} - pivot;
      let squaresOther = ${slot.of("block", "squares")};`,
    merge: mergeMoments,
    prepare: `let centre = pivot + mean;
      let spread = squares * ${float(1 / rows)};
      let factor = ${scale ? `${slot.gamma} * ` : ""}${inverseDeviation("spread", epsilon)};
      ${center ? `let offset = ${slot.beta};` : ""}`,
    once: [
      ...(mean.buffer ? ["meanOf[column] = centre;"] : []),
      ...(variance.buffer ? ["varianceOf[column] = spread;"] : []),
      ...moving.map(
        ({ name, value, momentum }) =>
          `${name}[column] = ${float(momentum)} * ${name}[column] + ${float(1 - momentum)} * ${value};`,
      ),
    ].join(" "),
    each: y && `let result = ${value}; outputs[at] = ${activation ? mapped("activate", "result", width) : "result"};`,
  });
}

function blocksOf(shape: Shape, target: KernelTarget): number {
  return leftBlocks({ rows: rowsOf(shape), columns: shape.at(-1)!, target });
}

/** Both launches; an op that is not fused is taken as a chain of one. */
export function batchNormDispatches(call: KernelCall): Dispatch[] {
  const { label, target, workspace } = call;
  const { head: normalization } = chainParts<BoundOp<PlanValue>>(call);
  const [x] = normalization.inputs as [PlanValue];
  const columns = x.shape.at(-1)!;
  const blocks = blocksOf(x.shape, target);
  const slots = slotsIn(workspace!, blocks, columns);
  const left = momentSlots({ normalization, slots });
  const width = vectorWidth(columns);
  const statistics = columnBlocks({
    label: `${label}, statistics`,
    rows: rowsOf(x.shape),
    columns,
    target,
    tensors: (type) => ({ x: reads(x, type), ...slotTensors(left, width) }),
    state: ["mean", "squares"],
    counted: true,
    walk: ({ vectors }) => `let pivot = x[column];
    ${walkMoments((row) => `${row} * ${vectors}u + column`, "stride")}`,
    merge: mergeMoments,
    leave: leaveMoments(
      { channels: columns, width },
      left,
      { slot: "block", column: "column", total: blocks },
      { count: "count", mean: "x[column] + mean", squares: "squares" },
    ),
  });
  return [statistics, normalizeMerged(label, call, { normalization, x, slots })];
}

export function batchNormWorkspace({ inputs }: Pick<OpInstance, "inputs">, target: KernelTarget): number {
  const { shape } = inputs[0]!;
  return slotBytes(blocksOf(shape, target), shape.at(-1)!);
}

export const fusedBatchNorm: Kernel<Attributes> = {
  supports(op) {
    const known = takesParts(op, ["batchNorm", "movingAverage", "add", "unary"]);
    return known === true ? takesAverages(op) : known;
  },
  workspaceBytes: (op, target) => batchNormWorkspace(chainParts(op).head, target),
  dispatches: batchNormDispatches,
};
