/**
 * Where a launch leaves the statistics of its blocks of rows for a second one that merges them: rows of C numbers in a
 * workspace. Row 0 begins with the number of slots, as the variants of a product have blocks of different sizes; rows 1 and 2 are
 * copies of gamma and beta, so that the second launch binds no more than the eight tensors that every device can. Then each slot
 * has three rows: how many numbers its block has (the same in each channel), their mean, and the sum of their squared deviations.
 */

import { type PlanValue, sizeOf } from "@convoy/core/backend";
import { element, floats, reads, type TensorUse, writes } from "./shader.js";

const [headRows, slotRows] = [3, 3];

/** What a slot's rows hold, in order. */
type Moment = "count" | "mean" | "squares";
const moments: readonly Moment[] = ["count", "mean", "squares"];

/** Workspace bytes for that many slots. */
export function slotBytes(slots: number, channels: number): number {
  return 4 * (headRows + slotRows * slots) * channels;
}

/** A workspace, or the beginning of one, as slots: bytes, which no one compares between the variants of a product. */
export function slotsIn(workspace: PlanValue, slots: number, channels: number): PlanValue {
  return { ...workspace, label: `${workspace.label}.moments`, shape: [slotBytes(slots, channels)], dtype: "uint8" };
}

/** What a launch that fills slots is given. */
export interface MomentSlots {
  readonly slots: PlanValue;
  readonly gamma?: PlanValue;
  readonly beta?: PlanValue;
}

/** Tensors of a launch that fills slots, in vectors of `width` channels. */
export function slotTensors({ slots, gamma, beta }: MomentSlots, width: 1 | 2 | 4): Record<string, TensorUse> {
  const type = floats(width);
  return {
    slots: writes(slots, type),
    ...(gamma ? { gammaOf: reads(gamma, type) } : {}),
    ...(beta ? { betaOf: reads(beta, type) } : {}),
  };
}

/** Vectors of `width` out of so many channels. */
interface SlotLayout {
  readonly channels: number;
  readonly width: 1 | 2 | 4;
}

function place({ channels, width }: SlotLayout, row: string, column: string): string {
  return `${row} * ${channels / width}u + ${column}`;
}

function placeOf(layout: SlotLayout, slot: string, moment: Moment, column: string): string {
  return place(layout, `(${slot} * ${slotRows}u + ${headRows + moments.indexOf(moment)}u)`, column);
}

/**
 * Code that stores the numbers `count`, a number, `mean` and `squares` of block `slot` for vector `column` of the channels; all are code.
 * With those of slot 0 it stores gamma, beta and the number of slots, `total`.
 */
export function leaveMoments(
  layout: SlotLayout,
  { gamma, beta }: MomentSlots,
  at: { readonly slot: string; readonly column: string; readonly total: number },
  state: Readonly<Record<Moment, string>>,
): string {
  const { slot, column, total } = at;
  const type = floats(layout.width);
  return `slots[${placeOf(layout, slot, "count", column)}] = ${type}(${state.count});
      slots[${placeOf(layout, slot, "mean", column)}] = ${state.mean};
      slots[${placeOf(layout, slot, "squares", column)}] = ${state.squares};
      if (${slot} == 0u) {
        if (${column} == 0u) { slots[0] = ${type}(${total}.0); }
        ${gamma ? `slots[${place(layout, "1u", column)}] = gammaOf[${column}];` : ""}
        ${beta ? `slots[${place(layout, "2u", column)}] = betaOf[${column}];` : ""}
      }`;
}

/** Code that reads slots: their number, the vectors `column` of a slot, and of gamma and beta. */
export function slotReads(layout: SlotLayout): {
  readonly total: string;
  readonly gamma: string;
  readonly beta: string;
  of(slot: string, moment: Moment): string;
} {
  return {
    total: `u32(${element("slots[0]", 0, layout.width)})`,
    gamma: `slots[${place(layout, "1u", "column")}]`,
    beta: `slots[${place(layout, "2u", "column")}]`,
    of: (slot, moment) => {
      const vector = `slots[${placeOf(layout, slot, moment, "column")}]`;
      return moment === "count" ? element(vector, 0, layout.width) : vector;
    },
  };
}

/** Rows of a tensor [...,C]. */
export function rowsOf(shape: readonly number[]): number {
  return sizeOf(shape) / shape.at(-1)!;
}
