import type { Attributes, OpAttributes, StepValues, TensorData, TensorSpec } from "../../backend/index.js";

/** A tensor in host memory: the data as an array over its elements in row-major order. */
export interface KernelTensor extends TensorSpec {
  readonly data: TensorData;
}

/** What one run of a kernel works with: tensors in the order of the op's definition. */
export interface KernelCall<A> {
  /** The op's inputs; those left out at the end of its list are missing. The ones that it updates are overwritten. */
  readonly inputs: readonly KernelTensor[];
  /** The op's outputs, their content undefined before. */
  readonly outputs: readonly KernelTensor[];
  readonly attributes: A;
  /** What changes from step to step; most ops do not look at it. */
  readonly step: StepValues;
}

/** One op on host arrays. Shapes have been checked when the graph was built. */
export type Kernel<A = Attributes> = (call: KernelCall<A>) => void;

/** The kernel of the op called `N`. */
export type KernelOf<N extends keyof OpAttributes> = Kernel<OpAttributes[N]>;
