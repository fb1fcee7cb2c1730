/** One launch over a tensor [R,C] whose columns have their own factors: an invocation takes one vector of columns in several rows. */

import { type PlanValue, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "./dispatch.js";
import { floats, invocations, reads, vectorWidth, writes } from "./shader.js";

export interface ChannelwiseSpec {
  readonly label: string;
  /** Tensors [...,C] and [C] that are read, by the names that the code uses. */
  readonly from: Readonly<Record<string, PlanValue>>;
  /** The tensor [...,C] that is written. */
  readonly to: Readonly<Record<string, PlanValue>>;
  /** Code that reads the factors of vector `column`, once. */
  readonly factors: string;
  /** Code for every place `at`. */
  readonly each: string;
}

/** Invocations that fill a GPU: more elements go to each, so that it reads its factors less often. */
const enoughInvocations = 65_536;
const maxRows = 16;

export function channelwise({ label, from, to, factors, each }: ChannelwiseSpec): Dispatch {
  const [{ shape }] = Object.values(to) as [PlanValue];
  const columns = shape.at(-1)!;
  const rows = sizeOf(shape) / columns;
  const width = vectorWidth(columns);
  const type = floats(width);
  const vectors = columns / width;
  const rowsEach = Math.min(maxRows, Math.max(1, Math.floor((rows * vectors) / enoughInvocations)));
  const stride = Math.ceil(rows / rowsEach);
  const one = `let at = row * ${vectors}u + column; ${each}`;
  const body = `
    let column = index % ${vectors}u;
    ${factors}
    ${
      rowsEach === 1
        ? `let row = index / ${vectors}u; ${one}`
        : `for (var row = index / ${vectors}u; row < ${rows}u; row += ${stride}u) { ${one} }`
    }`;
  return invocations(stride * vectors, body, {
    label,
    tensors: {
      ...Object.fromEntries(Object.entries(from).map(([name, tensor]) => [name, reads(tensor, type)])),
      ...Object.fromEntries(Object.entries(to).map(([name, tensor]) => [name, writes(tensor, type)])),
    },
  });
}
