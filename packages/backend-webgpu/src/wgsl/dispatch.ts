import type { PlanValue } from "@convoy/core/backend";

/** How a kernel may use a tensor's memory. */
export type Access = "read" | "read_write";

/** A tensor bound to a kernel. */
export interface Binding {
  readonly operand: PlanValue;
  readonly access: Access;
  /** Whether this dispatch writes it: others of its buffer are bound for writing, too. */
  readonly written: boolean;
}

/** One kernel launch: everything that a compute pass needs, before there are buffers. */
export interface Dispatch {
  /** Op and layer, for error messages and profilers. */
  readonly label: string;
  /** What tells it from the other ways to compute the same: "tiled 64x64". Absent where there is one way. */
  readonly way?: string;
  /** The other ways, over the same bindings: tuning may take one of them instead. */
  readonly alternatives?: readonly Dispatch[];
  readonly code: string;
  /** In the order of their binding numbers in group 0. */
  readonly bindings: readonly Binding[];
  /** Whether the kernel reads the step table, group 1. */
  readonly usesStep: boolean;
  readonly workgroups: Grid;
}

/**
 * A dispatch with several ways to compute it; the first is taken unless tuning finds a faster one. Where nothing is tuned the
 * others are not asked for.
 */
export function oneOf(ways: Iterable<Dispatch>, tunes: boolean): Dispatch {
  if (!tunes) {
    const [first] = ways;
    return first!;
  }
  const [first, ...alternatives] = ways;
  return alternatives.length > 0 ? { ...first!, alternatives } : first!;
}

/** Every way to compute what a dispatch computes, the first one first. */
export function waysOf({ alternatives = [], ...first }: Dispatch): readonly [Dispatch, ...Dispatch[]] {
  return [first, ...alternatives];
}

/** Workgroups along x, y and z. */
export type Grid = readonly [number, number, number];

/** WebGPU's guaranteed, and everywhere usual, limit of workgroups along one axis. */
const mostPerAxis = 65_535;

/** A grid with at least `count` workgroups: a line where that fits, else a rectangle with few to spare. */
export function gridOf(count: number): Grid {
  if (count <= mostPerAxis) {
    return [count, 1, 1];
  }
  const rows = Math.ceil(count / mostPerAxis);
  return [Math.ceil(count / rows), rows, 1];
}
