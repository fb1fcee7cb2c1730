import type { GraphWriter } from "./graphWriter.js";
import { attributesOf, layoutOf, type NodeWriter, vector, weightsOf } from "./step.js";

/** A node of an operator that acts element by element, in the layout that is there. */
export function elementwise(type: string): NodeWriter {
  return (graph, step) => {
    const layout = layoutOf(graph, step);
    const names = step.op.inputs.map((id) => graph.name(id, layout));
    const [name] = graph.node(type, names, {}, step.op.layer);
    return { name: name!, layout };
  };
}

export const biasAdd: NodeWriter = (graph, step) => {
  const { op } = step;
  const layout = layoutOf(graph, step);
  const bias = vector(graph, `${op.layer}.bias`, weightsOf(graph, step, 1), layout);
  const [name] = graph.node("Add", [graph.name(op.inputs[0]!, layout), bias], {}, op.layer);
  return { name: name!, layout };
};

export const affine: NodeWriter = (graph, step) => {
  const { op } = step;
  const { scale, offset } = attributesOf<{ scale: number; offset: number }>(step);
  const layout = layoutOf(graph, step);
  let name = graph.name(op.inputs[0]!, layout);
  if (scale !== 1 || offset === 0) {
    name = graph.node("Mul", [name, graph.floats(`${op.layer}.scale`, [scale], [])], {}, op.layer)[0]!;
  }
  if (offset !== 0) {
    name = graph.node("Add", [name, graph.floats(`${op.layer}.offset`, [offset], [])], {}, op.layer)[0]!;
  }
  return { name, layout };
};

export const softmax: NodeWriter = (graph, step) => {
  const layout = layoutOf(graph, step);
  const axis = layout === "nchw" ? 1 : -1;
  const [name] = graph.node("Softmax", [graph.name(step.op.inputs[0]!, layout)], { axis }, step.op.layer);
  return { name: name!, layout };
};

type Unary = (graph: GraphWriter, input: string, layer: string, alpha: number) => string;

function plain(
  type: string,
  attributes: (alpha: number) => Readonly<Record<string, { float: number }>> = () => ({}),
): Unary {
  return (graph, input, layer, alpha) => graph.node(type, [input], attributes(alpha), layer)[0]!;
}

/** An operator with constants behind its input. */
function withConstants(
  graph: GraphWriter,
  type: string,
  input: string,
  values: readonly number[],
  layer: string,
): string {
  return graph.node(
    type,
    [input, ...values.map((value) => graph.floats(`${layer}.constant`, [value], []))],
    {},
    layer,
  )[0]!;
}

const gelu: Unary = (graph, input, layer) => {
  const scaled = withConstants(graph, "Mul", input, [Math.SQRT1_2], layer);
  const erf = graph.node("Erf", [scaled], {}, layer)[0]!;
  const share = withConstants(graph, "Mul", withConstants(graph, "Add", erf, [1], layer), [0.5], layer);
  return graph.node("Mul", [input, share], {}, layer)[0]!;
};

const geluTanh: Unary = (graph, input, layer) => {
  const cube = withConstants(graph, "Pow", input, [3], layer);
  const sum = graph.node("Add", [input, withConstants(graph, "Mul", cube, [0.044715], layer)], {}, layer)[0]!;
  const tanh = graph.node("Tanh", [withConstants(graph, "Mul", sum, [Math.sqrt(2 / Math.PI)], layer)], {}, layer)[0]!;
  const share = withConstants(graph, "Mul", withConstants(graph, "Add", tanh, [1], layer), [0.5], layer);
  return graph.node("Mul", [input, share], {}, layer)[0]!;
};

/** The functions of the op `unary`. */
const unaries: { readonly [name: string]: Unary } = {
  relu: plain("Relu"),
  relu6: (graph, input, layer) => withConstants(graph, "Clip", input, [0, 6], layer),
  leakyRelu: plain("LeakyRelu", (alpha) => ({ alpha: { float: alpha } })),
  elu: plain("Elu", (alpha) => ({ alpha: { float: alpha } })),
  sigmoid: plain("Sigmoid"),
  tanh: plain("Tanh"),
  softplus: plain("Softplus"),
  softsign: plain("Softsign"),
  hardSigmoid: plain("HardSigmoid", () => ({ alpha: { float: 1 / 6 }, beta: { float: 0.5 } })),
  hardSilu: plain("HardSwish"),
  silu: (graph, input, layer) =>
    graph.node("Mul", [input, graph.node("Sigmoid", [input], {}, layer)[0]!], {}, layer)[0]!,
  gelu,
  geluTanh,
  abs: plain("Abs"),
  square: (graph, input, layer) => graph.node("Mul", [input, input], {}, layer)[0]!,
  power: (graph, input, layer, alpha) =>
    withConstants(graph, "Pow", graph.node("Relu", [input], {}, layer)[0]!, [alpha], layer),
  log: (graph, input, layer, alpha) =>
    graph.node("Log", [withConstants(graph, "Clip", input, [alpha, 1 - alpha], layer)], {}, layer)[0]!,
};

export const unary: NodeWriter = (graph, step) => {
  const { function: name, alpha } = attributesOf<{ function: string; alpha: number }>(step);
  const write = unaries[name];
  if (write === undefined) {
    throw graph.error(step.op, `with function ${name}, which ONNX export does not write`);
  }
  const layout = layoutOf(graph, step);
  return { name: write(graph, graph.name(step.op.inputs[0]!, layout), step.op.layer, alpha), layout };
};
