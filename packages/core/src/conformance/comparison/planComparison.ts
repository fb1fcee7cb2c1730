import type { Shape } from "../../ops/definition.js";
import type { OpInstance, PlanMode } from "../../plan/index.js";

/** An element of one op's output that is further apart on the two backends than allowed. */
export interface Difference {
  readonly op: OpInstance["op"];
  /** Ops that a fused op stands for, in order. */
  readonly parts?: readonly string[];
  /** The layer, or "data", "loss", "optimizer", ...; of an update of all parameters the layer of the element. */
  readonly layer: string;
  /** Name of the output or updated input in the op's definition: "kernelGradient". Of an input that B overwrote, its name. */
  readonly output: string;
  /** Name of the tensor in the plan: "conv2d_1.kernelGradient", or the parameter "conv2d_1/kernel". */
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

/** A number that the whole step leaves behind and that its ops, run one by one on the same backend, leave otherwise. */
export interface StepDifference {
  /** The buffer: "gradients", "parameters", "predictions", ...; or "results", the sums of loss and metrics. */
  readonly buffer: string;
  /** Name of the tensor: the parameter "conv2d_1/kernel", or of a result "loss.lossSum". */
  readonly value: string;
  /** Coordinates of the first element in row-major order that differs. */
  readonly index: readonly number[];
  /** Of the whole step. */
  readonly whole: number;
  /** Of its ops one by one. */
  readonly apart: number;
  /** What the two may be apart. */
  readonly allowed: number;
  /** How many elements of the buffer differ. */
  readonly differing: number;
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
  /**
   * Whether B's whole step leaves the same as its ops one by one. Where the ops agree and this does not, the fault lies between
   * them: memory that they share, their order, what B does across ops. Unsupported where B lacks an op.
   */
  readonly wholeStep: "agrees" | "differs" | "unsupported";
  /** Of the whole step. */
  readonly wholeStepDifference?: StepDifference;
  /** The first difference; undefined where all ops that both backends support agree. */
  readonly first?: Difference;
}
