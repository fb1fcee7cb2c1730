import { type Constant, constant } from "../constant.js";
import type { GraphWriter, Layout } from "./graphWriter.js";
import { attributesOf, type NodeWriter, type Step, vector, weightsOf } from "./step.js";

/** Gamma and beta, ones and zeros where there is none. */
function gammaAndBeta(graph: GraphWriter, step: Step, first: number, channels: number): [Constant, Constant] {
  const { scale, center } = attributesOf<{ scale: boolean; center: boolean }>(step);
  const filled = (value: number): Constant => constant(new Float32Array(channels).fill(value), [channels], false);
  const gamma = scale ? weightsOf(graph, step, first) : filled(1);
  return [gamma, center ? weightsOf(graph, step, first + (scale ? 1 : 0)) : filled(0)];
}

/** Batch normalization with its moving statistics. */
export const normalize: NodeWriter = (graph, step) => {
  const { op, shapes } = step;
  const { epsilon } = attributesOf<{ epsilon: number }>(step);
  const channels = shapes[0]!.at(-1)!;
  const [gamma, beta] = gammaAndBeta(graph, step, 3, channels);
  const statistics = [weightsOf(graph, step, 1), weightsOf(graph, step, 2)];
  if (shapes[0]!.length === 4 || shapes[0]!.length === 2) {
    const layout = shapes[0]!.length === 4 ? "nchw" : "nhwc";
    const names = ["weight", "bias", "running_mean", "running_var"];
    const weights = [gamma, beta, ...statistics].map((value, index) =>
      graph.initializer(`${op.layer}.${names[index]}`, value),
    );
    const inputs = [graph.name(op.inputs[0]!, layout), ...weights];
    const [name] = graph.node("BatchNormalization", inputs, { epsilon: { float: epsilon } }, op.layer);
    return { name: name!, layout };
  }
  const [mean, variance] = statistics as [Constant, Constant];
  const factors = gamma.data.map((value, index) => value / Math.sqrt(variance.data[index]! + epsilon));
  const terms = beta.data.map((value, index) => value - mean.data[index]! * factors[index]!);
  return scaledAndShifted(graph, step, graph.name(op.inputs[0]!, "nhwc"), "nhwc", [
    constant(factors, [channels], false),
    constant(terms, [channels], false),
  ]);
};

function scaledAndShifted(
  graph: GraphWriter,
  { op }: Step,
  input: string,
  layout: Layout,
  [scale, offset]: readonly [Constant, Constant],
): { name: string; layout: Layout } {
  const [product] = graph.node("Mul", [input, vector(graph, `${op.layer}.weight`, scale, layout)], {}, op.layer);
  const [name] = graph.node("Add", [product!, vector(graph, `${op.layer}.bias`, offset, layout)], {}, op.layer);
  return { name: name!, layout };
}

/** Groups of channels as the channels of an instance normalization. */
export const groupNorm: NodeWriter = (graph, step) => {
  const { op, shapes } = step;
  const { groups, epsilon } = attributesOf<{ groups: number; epsilon: number }>(step);
  const shape = shapes[0]!;
  const channels = shape.at(-1)!;
  const weights = gammaAndBeta(graph, step, 1, channels);
  if (shape.length === 2 && groups === 1) {
    const names = weights.map((value, index) =>
      graph.initializer(`${op.layer}.${index === 0 ? "weight" : "bias"}`, value),
    );
    const rows = graph.rowsOf(op.inputs[0]!);
    const inputs = [rows?.name ?? graph.name(op.inputs[0]!, "nhwc"), ...names];
    const [name] = graph.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } }, op.layer);
    return { name: name!, layout: "nhwc", ...(rows === undefined ? {} : { rowsOf: rows.shape }) };
  }
  const layout = shape.length === 4 ? "nchw" : "nhwc";
  // Channels come before the places in the image, as groups are of neighbours.
  const sequence = shape.length === 3;
  const given = graph.name(op.inputs[0]!, layout);
  const input = sequence ? graph.node("Transpose", [given], { perm: [0, 2, 1] }, op.layer)[0]! : given;
  const [grouped] = graph.node("Reshape", [input, graph.integers(`${op.layer}.groups`, [0, groups, -1])], {}, op.layer);
  const ones = graph.floats(`${op.layer}.ones`, Array<number>(groups).fill(1));
  const zeros = graph.floats(`${op.layer}.zeros`, Array<number>(groups).fill(0));
  const attributes = { epsilon: { float: epsilon } };
  const [normal] = graph.node("InstanceNormalization", [grouped!, ones, zeros], attributes, op.layer);
  const back = graph.integers(`${op.layer}.shape`, [-1, channels, ...shape.slice(1, -1)]);
  const [whole] = graph.node("Reshape", [normal!, back], {}, op.layer);
  const result = sequence ? graph.node("Transpose", [whole!], { perm: [0, 2, 1] }, op.layer)[0]! : whole!;
  return scaledAndShifted(graph, step, result, layout, weights);
};
