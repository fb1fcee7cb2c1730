import type { ForwardOp } from "@convoy/core";
import { type Constant, constant, sizeOf } from "../constant.js";
import { transposed } from "../fold.js";
import type { GraphWriter, Layout } from "./graphWriter.js";

/** Several ops that are one operator of ONNX: the last of them, and what is written. */
export interface Compound {
  readonly last: ForwardOp;
  readonly write: (graph: GraphWriter, layout: Layout) => string;
  /** What it reads. */
  readonly input: number;
}

/** Ops that follow each other and stand for an operator, if there are such at that place. */
export function compoundAt(ops: readonly ForwardOp[], index: number, graph: GraphWriter): Compound | undefined {
  const first = ops[index]!;
  const end = ops.findIndex(({ layer }, at) => at > index && layer !== first.layer);
  const own = ops.slice(index, end < 0 ? ops.length : end);
  const input = first.inputs[0]!;
  const sum = own.find(({ op }) => op === "add");
  const rectifier = own.find(({ op }) => op === "unary");
  if (
    first.className === "PReLU" &&
    ops[index - 1]?.layer !== first.layer &&
    sum !== undefined &&
    rectifier !== undefined
  ) {
    const read = rectifier.inputs[0]!;
    const slopes = own
      .flatMap(({ inputs }) => inputs)
      .map((id) => graph.constantOf(id))
      .find((value) => value !== undefined);
    return slopes && { last: sum, input: read, write: (to, layout) => writePrelu(to, first, slopes, read, layout) };
  }
  const last = own.find(({ op, inputs }, at) => at > 1 && op === "add" && inputs[0] === input);
  const logarithm = own.some(({ op, attributes }) => op === "unary" && attributes.function === "log");
  if (first.op !== "softmax" || last === undefined || !logarithm) {
    return undefined;
  }
  return {
    last,
    input,
    write: (to, layout) =>
      to.node("LogSoftmax", [to.name(input, layout)], { axis: layout === "nchw" ? 1 : -1 }, first.layer)[0]!,
  };
}

function writePrelu(graph: GraphWriter, { layer }: ForwardOp, slopes: Constant, input: number, layout: Layout): string {
  const moved = layout === "nchw" && slopes.shape.length === 3 ? transposed(slopes, [2, 0, 1]) : slopes;
  return graph.node("PRelu", [graph.name(input, layout), graph.initializer(`${layer}.weight`, moved)], {}, layer)[0]!;
}

/** Parts of weights, and weights in another shape, are worked out when the file is written. */
export function foldedWeights(
  { op, attributes }: ForwardOp,
  source: Constant,
  shape: readonly number[],
): Constant | undefined {
  if (op === "reshape") {
    return { ...source, shape };
  }
  if (op !== "pad") {
    return undefined;
  }
  const { before } = attributes as unknown as { before: readonly number[] };
  const strides = source.shape.map((_, axis) => sizeOf(source.shape.slice(axis + 1)));
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, at) => {
    let [rest, place] = [at, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const index = (rest % shape[axis]!) - before[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      if (index < 0 || index >= source.shape[axis]!) {
        return 0;
      }
      place += index * strides[axis]!;
    }
    return source.data[place]!;
  });
  return constant(data, shape, false);
}
