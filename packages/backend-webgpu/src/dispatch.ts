import type { PlanValue } from "@convoy/core/backend";

/** How a kernel may use a tensor's memory. */
export type Access = "read" | "read_write";

/** A tensor bound to a kernel. */
export interface Binding {
  readonly operand: PlanValue;
  readonly access: Access;
}

/** One kernel launch: everything that a compute pass needs, before there are buffers. */
export interface Dispatch {
  /** Op and layer, for error messages and profilers. */
  readonly label: string;
  readonly code: string;
  /** In the order of their binding numbers in group 0. */
  readonly bindings: readonly Binding[];
  /** Whether the kernel reads the step table, group 1. */
  readonly usesStep: boolean;
  readonly workgroups: Grid;
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
