import type { PlanValue } from "@convoy/core/backend";

/** How a kernel may use a tensor's memory. */
export type Access = "read" | "read_write";

/** A tensor bound to a kernel. */
export interface Binding {
  readonly tensor: PlanValue;
  readonly access: Access;
  /** Whether this dispatch writes it: others of its buffer are bound for writing, too. */
  readonly written: boolean;
}

/** One kernel launch: everything that a compute pass needs, before there are buffers. */
export interface Dispatch {
  /** Op and layer, for error messages and profilers. */
  readonly label: string;
  /** Tells it from other kernels that compute the same: "tiled 64x64 by 4x4". Absent where there is only one. */
  readonly variant?: string;
  /** The other variants: tuning may take one of them instead. */
  readonly alternatives?: readonly Dispatch[];
  readonly code: string;
  /** In the order of their binding numbers in group 0. */
  readonly bindings: readonly Binding[];
  /** Whether the kernel reads the step table, group 1. */
  readonly usesStep: boolean;
  readonly workgroups: Grid;
}

/**
 * A dispatch in its first variant, with the others as alternatives. Where nothing is tuned the others are not asked for.
 */
export function withAlternatives(variants: Iterable<Dispatch>, tunes: boolean): Dispatch {
  if (!tunes) {
    const [first] = variants;
    return first!;
  }
  const [first, ...alternatives] = variants;
  return alternatives.length > 0 ? { ...first!, alternatives } : first!;
}

/** All variants of a dispatch, the first one first. */
export function variantsOf({ alternatives = [], ...first }: Dispatch): readonly [Dispatch, ...Dispatch[]] {
  return [first, ...alternatives];
}

/** Workgroups along x, y and z. */
export type Grid = readonly [number, number, number];

/** Workgroups per dimension that every device can dispatch. */
const maxPerDimension = 65_535;

/** A grid with at least `count` workgroups: one row where that fits, else a rectangle with few to spare. */
export function gridOf(count: number): Grid {
  if (count <= maxPerDimension) {
    return [count, 1, 1];
  }
  const rows = Math.ceil(count / maxPerDimension);
  return [Math.ceil(count / rows), rows, 1];
}
