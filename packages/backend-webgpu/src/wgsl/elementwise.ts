/** One launch over tensors of one size, in vectors of up to four. */

import { type PlanValue, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "./dispatch.js";
import { floats, invocations, reads, type ShaderSpec, vectorWidth, writes } from "./shader.js";

export interface ElementwiseSpec extends Omit<ShaderSpec, "tensors"> {
  /** Tensors that are read, by the names that the code uses. */
  readonly from: Readonly<Record<string, PlanValue>>;
  /** Tensors that are written, and read if the code likes. */
  readonly to: Readonly<Record<string, PlanValue>>;
}

/** Runs `code` for every element, or vector of elements, which it sees as `index`; it is given the width of vectors. */
export function elementwise(
  { from, to, ...spec }: ElementwiseSpec,
  code: (width: 1 | 2 | 4, type: "f32" | "vec2f" | "vec4f") => string,
): Dispatch {
  const [first] = Object.values(to);
  const size = sizeOf(first!.shape);
  const width = vectorWidth(size);
  const type = floats(width);
  const tensors = {
    ...Object.fromEntries(Object.entries(from).map(([name, tensor]) => [name, reads(tensor, type)])),
    ...Object.fromEntries(Object.entries(to).map(([name, tensor]) => [name, writes(tensor, type)])),
  };
  return invocations(size / width, code(width, type), { ...spec, tensors });
}
