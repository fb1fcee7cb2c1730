import type { ForwardOp, ForwardTensor } from "@convoy/core";
import type { Constant } from "../constant.js";
import type { GraphWriter, Layout } from "./graphWriter.js";

/** An op with what it reads and gives, batches left out of account. */
export interface Step {
  readonly op: ForwardOp;
  readonly output: ForwardTensor;
  /** Shapes of what it reads, with the batch. */
  readonly shapes: readonly (readonly number[])[];
  /** Of the output, -1 for the axis that grows with the batch. */
  readonly target: readonly number[];
  /** What is added to it right behind, if it is a bias: the number of that tensor. */
  readonly bias: number | undefined;
}

/** What an op was written as: a tensor in a layout, or one [...,C] that its rows are. */
export interface WrittenStep {
  readonly name: string;
  readonly layout: Layout;
  readonly rowsOf?: readonly number[];
}

/** Writes the nodes of an op. */
export type NodeWriter = (graph: GraphWriter, step: Step) => WrittenStep;

/** Of ops with a window over rows and columns. */
export interface WindowAttributes {
  readonly strides: readonly [number, number];
  /** [top, bottom, left, right] */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
}

/** The attributes of an op as those of its kind. */
export function attributesOf<T>(step: Step): T {
  return step.op.attributes as unknown as T;
}

/** The attributes of a window as ONNX calls and orders them. */
export function windowAttributes({ strides, padding: [top, bottom, left, right], dilation }: WindowAttributes): {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
} {
  return { strides, pads: [top, left, bottom, right], dilations: dilation };
}

/** Input `index`, which must be made of weights alone. */
export function weightsOf(graph: GraphWriter, { op }: Step, index: number): Constant {
  const weights = graph.constantOf(op.inputs[index]!);
  if (weights === undefined) {
    throw graph.error(op, "whose weights are computed from the model's inputs, which ONNX export does not write");
  }
  return weights;
}

/** The layout in which images are there already; others have one only. */
export function layoutOf(graph: GraphWriter, { op, output }: Step): Layout {
  return output.shape.length === 4 && op.inputs.some((id) => graph.has(id, "nchw")) ? "nchw" : "nhwc";
}

/** The bias as an input, if there is one. */
export function biasName(graph: GraphWriter, { bias, op }: Step): string[] {
  return bias === undefined ? [] : [graph.initializer(`${op.layer}.bias`, graph.constantOf(bias)!)];
}

/** A vector for the channels, as it stretches over a tensor of that layout. */
export function vector(graph: GraphWriter, wanted: string, value: Constant, layout: Layout): string {
  return graph.initializer(wanted, layout === "nchw" ? { ...value, shape: [value.shape[0]!, 1, 1] } : value);
}
