import { sizeOf } from "../ops/definition.js";
import type { GraphValue } from "./graph.js";

/** Whether two tensors that have places outside the arena share a part of a buffer. */
export function overlap(a: GraphValue, b: GraphValue): boolean {
  if (a.placement === undefined || b.placement === undefined || a.placement.buffer !== b.placement.buffer) {
    return false;
  }
  const [startA, startB] = [a.placement.offset, b.placement.offset];
  return startA < startB + sizeOf(b.shape) && startB < startA + sizeOf(a.shape);
}
