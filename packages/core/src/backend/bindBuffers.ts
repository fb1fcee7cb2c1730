import { PlanError } from "../errors.js";
import { dtypeBytes } from "../ops/definition.js";
import type { Plan } from "../plan/plan.js";
import type { DeviceBuffer } from "./contract.js";

/**
 * The buffers that a plan needs, by name and the arena among them, out of those that `compile` was given. `isOwn` tells a
 * buffer that this very backend has made. Throws `PlanError` naming the buffer that is missing, of another type, too small or
 * another backend's.
 */
export function bindBuffers<Given extends Pick<DeviceBuffer, "dtype" | "length">, Own extends Given>(
  backend: string,
  plan: Plan,
  buffers: Readonly<Record<string, Given>>,
  isOwn: (buffer: Given) => buffer is Own,
): Map<string, Own> {
  const needed = { ...plan.buffers, arena: { dtype: "uint8", length: plan.arenaBytes } as const };
  return new Map(
    Object.entries(needed).map(([name, { dtype, length }]) => {
      const buffer = buffers[name];
      if (buffer === undefined) {
        throw new PlanError(
          `${backend}: the plan needs buffer "${name}" (${dtype}, ${length} elements), which was not given`,
        );
      }
      if (buffer.dtype !== dtype || buffer.length < length) {
        throw new PlanError(
          `${backend}: buffer "${name}" has ${buffer.length} elements of ${buffer.dtype}, the plan needs ${length} of ` +
            `${dtype} (${length * dtypeBytes[dtype]} bytes)`,
        );
      }
      if (!isOwn(buffer)) {
        throw new PlanError(
          `${backend}: buffer "${name}" was disposed or made by another backend; make it with this one's createBuffer`,
        );
      }
      return [name, buffer];
    }),
  );
}
