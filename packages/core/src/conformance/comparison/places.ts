import type { ParameterLayout } from "./modelStep.js";
import type { Difference } from "./planComparison.js";

/** The element of a parameter that lies at a position of the flat buffers; undefined for the gaps between them. */
export function placeInParameters(
  { parameters }: ParameterLayout,
  at: number,
): Pick<Difference, "layer" | "value" | "shape" | "index"> | undefined {
  const found = parameters.find(({ offset, size }) => offset <= at && at < offset + size);
  return (
    found && {
      layer: found.path.split("/")[0]!,
      value: found.path,
      shape: found.shape,
      index: coordinates(at - found.offset, found.shape),
    }
  );
}

/** From the index in row-major order. */
export function coordinates(index: number, shape: readonly number[]): number[] {
  const found: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    found.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return found;
}
