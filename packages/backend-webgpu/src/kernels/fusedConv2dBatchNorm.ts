/**
 * conv2d [biasAdd] batchNorm [movingAverage x2] [add] [unary] in two launches: the convolution takes the statistics of its results
 * by channel while they are in registers and leaves them by workgroup; the second launch is that of fusedBatchNorm.ts.
 *
 * So the normalization moves 8 bytes an element on top of what the convolution does, 12 with an addend: the convolution's output
 * is read once and the result written. Where the backward pass does not read it the output stands in the place of the
 * result. Not measured on a card.
 *
 * Every form of the product can leave statistics, as those that split k into slices add these up within the workgroup. Left out
 * are tiles of so few rows, for their number, that the second launch would merge for longer than its elements take.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  chainParts,
  type OpInstance,
  type PlanValue,
  takesParts,
  windowGeometry,
} from "@convoy/core/backend";
import { squareGroups } from "../product/conv2dRegisters.js";
import { mostSlots } from "../product/productMoments.js";
import { rowsOf, slotBytes, slotsIn } from "../wgsl/momentSlots.js";
import { convolution, specOf } from "./conv2d.js";
import { momentSlots, normalizeMerged, takesAverages } from "./fusedBatchNorm.js";
import type { Kernel } from "./kernel.js";

/** Slots of the variant that leaves most. */
function slotCount(head: Pick<OpInstance, "inputs" | "outputs" | "attributes">): number {
  const [input, kernel] = head.inputs;
  const { shape } = head.outputs[0]!;
  const attributes = attributesOf("conv2d", head);
  const window = windowGeometry(input!.shape, [kernel!.shape[0]!, kernel!.shape[1]!], shape, attributes);
  return Math.max(mostSlots(rowsOf(shape)), squareGroups(window));
}

export const fusedConv2dBatchNorm: Kernel<Attributes> = {
  supports(op) {
    const known = takesParts(op, ["conv2d", "biasAdd", "batchNorm", "movingAverage", "add", "unary"]);
    return known === true ? takesAverages(op) : known;
  },
  workspaceBytes(op) {
    const { head } = chainParts(op);
    return slotBytes(slotCount(head), head.outputs[0]!.shape.at(-1)!);
  },
  dispatches(call) {
    const { label, target, workspace } = call;
    const { head, bias, last, ...rest } = chainParts<BoundOp<PlanValue>>(call);
    const normalization = rest.normalization!;
    const convolved = normalization.inputs[0]!;
    const x = convolved.buffer ? convolved : last.outputs[0]!;
    const slots = slotsIn(workspace!, slotCount(head), convolved.shape.at(-1)!);
    const spec = {
      ...specOf(head, attributesOf("conv2d", head), `${label}, convolution`),
      output: x,
      epilogue: bias ? { bias: bias.inputs[1]! } : {},
      moments: momentSlots({ normalization, slots }),
    };
    return [...convolution(spec, target), normalizeMerged(label, call, { normalization, x, slots })];
  },
};
