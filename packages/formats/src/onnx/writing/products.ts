import type { Constant } from "../constant.js";
import { transposed } from "../fold.js";
import type { GraphWriter, Layout } from "./graphWriter.js";
import {
  attributesOf,
  biasName,
  type NodeWriter,
  type Step,
  type WindowAttributes,
  weightsOf,
  windowAttributes,
} from "./step.js";

/** A convolution with its kernel [KH,KW,C,F] in the order of ONNX. */
function convolution(
  graph: GraphWriter,
  step: Step,
  type: "Conv" | "ConvTranspose",
  kernel: Constant,
  attributes: Readonly<Record<string, number | readonly number[]>>,
): { name: string; layout: Layout } {
  const { op } = step;
  const weights = graph.initializer(`${op.layer}.weight`, kernel);
  const inputs = [graph.name(op.inputs[0]!, "nchw"), weights, ...biasName(graph, step)];
  const window = windowAttributes(attributesOf<WindowAttributes>(step));
  const [name] = graph.node(type, inputs, { kernel_shape: kernel.shape.slice(2), ...window, ...attributes }, op.layer);
  return { name: name!, layout: "nchw" };
}

export const conv2d: NodeWriter = (graph, step) =>
  convolution(graph, step, "Conv", transposed(weightsOf(graph, step, 1), [3, 2, 0, 1]), {});

export const depthwise: NodeWriter = (graph, step) => {
  const kernel = weightsOf(graph, step, 1);
  const [height, width, channels, multiplier] = kernel.shape as [number, number, number, number];
  const moved = transposed(kernel, [2, 3, 0, 1]);
  const shape = [channels * multiplier, 1, height, width];
  return convolution(graph, step, "Conv", { ...moved, shape }, { group: channels });
};

export const transposedConvolution: NodeWriter = (graph, step) => {
  const kernel = weightsOf(graph, step, 1);
  const { strides, padding, dilation } = attributesOf<WindowAttributes>(step);
  const added = [0, 1].map((axis) => {
    const extent = (kernel.shape[axis]! - 1) * dilation[axis]! + 1;
    const grown =
      (step.shapes[0]![axis + 1]! - 1) * strides[axis]! + extent - padding[2 * axis]! - padding[2 * axis + 1]!;
    return step.output.shape[axis + 1]! - grown;
  });
  return convolution(graph, step, "ConvTranspose", transposed(kernel, [3, 2, 0, 1]), { output_padding: added });
};

export function pooling(type: "MaxPool" | "AveragePool"): NodeWriter {
  return (graph, step) => {
    const { op, shapes } = step;
    const attributes = attributesOf<WindowAttributes & { poolSize: readonly [number, number] }>(step);
    const whole = attributes.poolSize.every((size, axis) => size === shapes[0]![axis + 1]);
    const padded = attributes.padding.some((count) => count > 0);
    const { strides, pads } = windowAttributes(attributes);
    const [name] =
      whole && !padded
        ? graph.node(`Global${type}`, [graph.name(op.inputs[0]!, "nchw")], {}, op.layer)
        : graph.node(
            type,
            [graph.name(op.inputs[0]!, "nchw")],
            { kernel_shape: attributes.poolSize, strides, pads },
            op.layer,
          );
    return { name: name!, layout: "nchw" };
  };
}

export const matMul: NodeWriter = (graph, step) => {
  const { op, bias } = step;
  const rows = graph.rowsOf(op.inputs[0]!);
  const kernel = graph.constantOf(op.inputs[1]!);
  if (rows !== undefined && kernel !== undefined) {
    let [name] = graph.node("MatMul", [rows.name, graph.name(op.inputs[1]!, "nhwc")], {}, op.layer) as [string];
    if (bias !== undefined) {
      [name] = graph.node("Add", [name, ...biasName(graph, step)], {}, op.layer) as [string];
    }
    return { name, layout: "nhwc", rowsOf: rows.shape.with(-1, kernel.shape[1]!) };
  }
  const { transposeA, transposeB } = attributesOf<{ transposeA: boolean; transposeB: boolean }>(step);
  const inputs = [graph.name(op.inputs[0]!, "nhwc"), graph.name(op.inputs[1]!, "nhwc"), ...biasName(graph, step)];
  const plain = bias === undefined && !transposeA && !transposeB;
  const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
  const [name] = plain ? graph.node("MatMul", inputs, {}, op.layer) : graph.node("Gemm", inputs, attributes, op.layer);
  return { name: name!, layout: "nhwc" };
};
