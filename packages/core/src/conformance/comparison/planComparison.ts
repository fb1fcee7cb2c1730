import type { Shape } from "../../ops/definition.js";
import type { OpInstance, PlanMode } from "../../plan/index.js";

/** An element of one op's output that is further apart on the two backends than allowed. */
export interface Difference {
  readonly op: OpInstance["op"];
  /** Ops that a fused op stands for, in order. */
  readonly parts?: readonly string[];
  /** The layer, or "data", "loss", "optimizer", ...; of an update of all parameters the layer of the element. */
  readonly layer: string;
  /** Name of the output or updated input in the op's definition: "filterGradient". Of an input that B overwrote, its name. */
  readonly output: string;
  /** Name of the tensor in the plan: "conv2d_1.filterGradient", or the parameter "conv2d_1/kernel". */
  readonly value: string;
  /** Of that tensor. */
  readonly shape: Shape;
  /** Coordinates of the first element in row-major order that differs. */
  readonly index: readonly number[];
  readonly a: number;
  readonly b: number;
  /** What `|a - b|` may be. */
  readonly allowed: number;
  /** How many of the op's elements in this tensor differ. */
  readonly differing: number;
  /** True where the op only reads the tensor, and must not have changed it. */
  readonly readOnly: boolean;
}

/** One op on both backends. */
export interface ComparedOp {
  readonly op: OpInstance["op"];
  readonly parts?: readonly string[];
  readonly layer: string;
  readonly status: "agrees" | "differs" | "unsupported";
  /** Which backend does not support it, and why. */
  readonly reason?: string;
  /** Elements compared. */
  readonly elements: number;
  /** Largest `|a - b|` of them. */
  readonly maxError: number;
  /** How many are further apart than allowed. */
  readonly differing: number;
  /** The first of these. */
  readonly difference?: Difference;
}

/** One step on two backends, op by op. */
export interface PlanComparison {
  readonly mode: PlanMode;
  /** Samples of the step. */
  readonly batchSize: number;
  /** Whether B ran its fused ops. */
  readonly fused: boolean;
  /** Name and device of each backend. */
  readonly a: string;
  readonly b: string;
  /** In the order in which they run. */
  readonly ops: readonly ComparedOp[];
  /** The first difference; undefined where all that both backends support agrees. */
  readonly first?: Difference;
}
