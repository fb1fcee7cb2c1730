/**
 * What an op is: a mathematical node with static settings. An op knows its shapes, its gradient and its cost; how it is
 * executed is each backend's own matter.
 */

/** Element type of a tensor inside a plan. */
export type DType = "float32" | "int32" | "uint8";

/** Bytes of one element. */
export const dtypeBytes: { readonly [D in DType]: number } = { float32: 4, int32: 4, uint8: 1 };

/** Sizes, outermost first. Activations are NHWC, convolution kernels HWIO. Scalars have shape [1]. */
export type Shape = readonly number[];

/** Shape and element type. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An op's static settings: plain data, so that plans can be printed, compared and stored. */
export type Attributes = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** A tensor in a graph, before it has a place in memory. */
export interface Value extends TensorSpec {
  readonly id: number;
}

/** What a gradient rule works with. Gradient rules emit ops; they compute nothing. */
export interface GradientContext<A> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: A;
  /** The layer that the op stands for, for errors. */
  readonly label: string;
  /**
   * Gradient of the loss with respect to output `index`. Outputs that nothing differentiates through, such as the argmax
   * of a pooling, have none.
   */
  outputGradient(index: number): Value;
  /** False where no trainable parameter stands behind input `index`, or it was left out: no gradient need be computed. */
  needs(index: number): boolean;
  /** Appends an op to the graph and returns its outputs. */
  emit(op: string, inputs: readonly Value[], attributes: Attributes): Value[];
  /**
   * For loss ops only: the factor between the sum of sample losses, which the op gives, and the loss that is minimised
   * (1 / number of samples).
   */
  readonly lossScale: number;
}

/** One op: its signature and rules. `A` is the type of its attributes. */
export interface OpDefinition<A> {
  /** What the op computes, in one line with shapes. */
  readonly summary: string;
  /** Names of the inputs in order. */
  readonly inputs: readonly string[];
  /** How many of the last inputs may be left out; default 0. */
  readonly optionalInputs?: number;
  /** Whether the last input may be given any number of times, but at least once. Such an op has no optional inputs. */
  readonly variadic?: true;
  /** Names of the outputs in order. An op that only updates in place has none. */
  readonly outputs: readonly string[];
  /** Positions of the inputs that the op overwrites. */
  readonly updates?: readonly number[];
  /** Shapes and element types of the outputs. Throws `ShapeError` where the inputs do not fit. */
  inferOutputs(inputs: readonly TensorSpec[], attributes: A): TensorSpec[];
  /** Gradients of the inputs, in order; undefined where there is none or it is not needed. Absent: not differentiable. */
  gradient?(context: GradientContext<A>): (Value | undefined)[];
  /** Floating-point operations: one multiply-add counts as two, one transcendental function as one. */
  flops(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], attributes: A): number;
  /** Bytes that must move at least; by default every input and output once, and updated inputs twice. */
  bytes?(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], attributes: A): number;
}

/** Name of input `index`; the inputs that a variadic op has at the end of its list are numbered from 1. */
export function inputName(
  { inputs, variadic }: Pick<OpDefinition<never>, "inputs" | "variadic">,
  index: number,
): string {
  const last = inputs.length - 1;
  return variadic && index >= last ? `${inputs[last]} ${index - last + 1}` : inputs[index]!;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of a tensor. */
export function bytesOf(spec: TensorSpec): number {
  return sizeOf(spec.shape) * dtypeBytes[spec.dtype];
}

/** A float32 spec, the usual output. */
export function float32(shape: Shape): TensorSpec {
  return { shape, dtype: "float32" };
}
