import type { ForwardOp, ForwardTensor } from "@convoy/core";
import { type Constant, constant, sizeOf } from "../constant.js";
import { transposed } from "../fold.js";
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

interface WindowAttributes {
  readonly strides: readonly [number, number];
  /** [top, bottom, left, right] */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
}

function attributesOf<T>(step: Step): T {
  return step.op.attributes as unknown as T;
}

function windowAttributes({ strides, padding: [top, bottom, left, right], dilation }: WindowAttributes) {
  return { strides, pads: [top, left, bottom, right], dilations: dilation };
}

function weightsOf(graph: GraphWriter, { op }: Step, index: number): Constant {
  const weights = graph.constantOf(op.inputs[index]!);
  if (weights === undefined) {
    throw graph.error(op, "whose weights are computed from the model's inputs, which ONNX export does not write");
  }
  return weights;
}

/** The layout in which images are there already; others have one only. */
function layoutOf(graph: GraphWriter, { op, output }: Step): Layout {
  return output.shape.length === 4 && op.inputs.some((id) => graph.has(id, "nchw")) ? "nchw" : "nhwc";
}

function biasName(graph: GraphWriter, { bias, op }: Step): string[] {
  return bias === undefined ? [] : [graph.initializer(`${op.layer}.bias`, graph.constantOf(bias)!)];
}

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

const conv2d: NodeWriter = (graph, step) =>
  convolution(graph, step, "Conv", transposed(weightsOf(graph, step, 1), [3, 2, 0, 1]), {});

const depthwise: NodeWriter = (graph, step) => {
  const kernel = weightsOf(graph, step, 1);
  const [height, width, channels, multiplier] = kernel.shape as [number, number, number, number];
  const moved = transposed(kernel, [2, 3, 0, 1]);
  const shape = [channels * multiplier, 1, height, width];
  return convolution(graph, step, "Conv", { ...moved, shape }, { group: channels });
};

const transposedConvolution: NodeWriter = (graph, step) => {
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

function pooling(type: "MaxPool" | "AveragePool"): NodeWriter {
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

const matMul: NodeWriter = (graph, step) => {
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

/** A node of an operator that acts element by element, in the layout that is there. */
function elementwise(type: string): NodeWriter {
  return (graph, step) => {
    const layout = layoutOf(graph, step);
    const names = step.op.inputs.map((id) => graph.name(id, layout));
    const [name] = graph.node(type, names, {}, step.op.layer);
    return { name: name!, layout };
  };
}

/** A vector for the channels, as it stretches over a tensor of that layout. */
function vector(graph: GraphWriter, wanted: string, value: Constant, layout: Layout): string {
  return graph.initializer(wanted, layout === "nchw" ? { ...value, shape: [value.shape[0]!, 1, 1] } : value);
}

const biasAdd: NodeWriter = (graph, step) => {
  const { op } = step;
  const layout = layoutOf(graph, step);
  const bias = vector(graph, `${op.layer}.bias`, weightsOf(graph, step, 1), layout);
  const [name] = graph.node("Add", [graph.name(op.inputs[0]!, layout), bias], {}, op.layer);
  return { name: name!, layout };
};

const affine: NodeWriter = (graph, step) => {
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

const softmax: NodeWriter = (graph, step) => {
  const layout = layoutOf(graph, step);
  const axis = layout === "nchw" ? 1 : -1;
  const [name] = graph.node("Softmax", [graph.name(step.op.inputs[0]!, layout)], { axis }, step.op.layer);
  return { name: name!, layout };
};

/** Gamma and beta, ones and zeros where there is none. */
function gammaAndBeta(graph: GraphWriter, step: Step, first: number, channels: number): [Constant, Constant] {
  const { scale, center } = attributesOf<{ scale: boolean; center: boolean }>(step);
  const filled = (value: number): Constant => constant(new Float32Array(channels).fill(value), [channels], false);
  const gamma = scale ? weightsOf(graph, step, first) : filled(1);
  return [gamma, center ? weightsOf(graph, step, first + (scale ? 1 : 0)) : filled(0)];
}

/** Batch normalization with its moving statistics. */
const normalize: NodeWriter = (graph, step) => {
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
const groupNorm: NodeWriter = (graph, step) => {
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

const reshape: NodeWriter = (graph, { op, output, shapes, target }) => {
  const [from] = shapes as [readonly number[]];
  const rows = graph.rowsOf(op.inputs[0]!);
  if (rows !== undefined && rows.shape.join() === output.shape.join()) {
    return { name: rows.name, layout: "nhwc" };
  }
  const input = graph.name(op.inputs[0]!, "nhwc");
  if (from.length > 2 && output.shape.length === 2 && output.shape[1] === from.at(-1)) {
    return { name: input, layout: "nhwc", rowsOf: from };
  }
  const [name] = graph.node("Reshape", [input, graph.integers(`${op.layer}.shape`, target)], {}, op.layer);
  return { name: name!, layout: "nhwc" };
};

/** Where an axis lies in a layout. */
function axisIn(layout: Layout, axis: number): number {
  return layout === "nchw" ? [0, 2, 3, 1][axis]! : axis;
}

const concat: NodeWriter = (graph, step) => {
  const layout = layoutOf(graph, step);
  const { axis } = attributesOf<{ axis: number }>(step);
  const names = step.op.inputs.map((id) => graph.name(id, layout));
  const [name] = graph.node("Concat", names, { axis: axisIn(layout, axis) }, step.op.layer);
  return { name: name!, layout };
};

/** Zeros at the ends of axes, or parts cut off. */
const pad: NodeWriter = (graph, step) => {
  const { op } = step;
  const { before, after } = attributesOf<{ before: readonly number[]; after: readonly number[] }>(step);
  const layout = layoutOf(graph, step);
  const order = before.map((_, axis) => (layout === "nchw" ? [0, 3, 1, 2][axis]! : axis));
  const [first, last] = [order.map((axis) => before[axis]!), order.map((axis) => after[axis]!)];
  let name = graph.name(op.inputs[0]!, layout);
  const cut = first.flatMap((count, axis) => (count < 0 || last[axis]! < 0 ? [axis] : []));
  if (cut.length > 0) {
    const starts = cut.map((axis) => Math.max(0, 0 - first[axis]!));
    // To the end, unless something is cut off there.
    const ends = cut.map((axis) => (last[axis]! < 0 ? last[axis]! : 2 ** 31 - 1));
    const inputs = [starts, ends, cut].map((values, index) =>
      graph.integers(`${op.layer}.${["starts", "ends", "axes"][index]}`, values),
    );
    name = graph.node("Slice", [name, ...inputs], {}, op.layer)[0]!;
  }
  if ([...first, ...last].some((count) => count > 0)) {
    const pads = graph.integers(
      `${op.layer}.pads`,
      [...first, ...last].map((count) => Math.max(0, count)),
    );
    name = graph.node("Pad", [name, pads], {}, op.layer)[0]!;
  }
  return { name, layout };
};

const transpose: NodeWriter = (graph, step) => {
  const { permutation } = attributesOf<{ permutation: readonly number[] }>(step);
  const [name] = graph.node(
    "Transpose",
    [graph.name(step.op.inputs[0]!, "nhwc")],
    { perm: permutation },
    step.op.layer,
  );
  return { name: name!, layout: "nhwc" };
};

/** Sizes are given whole, so the batch is read from the tensor itself. */
const resize: NodeWriter = (graph, step) => {
  const { op, shapes } = step;
  const { size, interpolation } = attributesOf<{ size: readonly number[]; interpolation: "nearest" | "bilinear" }>(
    step,
  );
  const input = graph.name(op.inputs[0]!, "nchw");
  const [shape] = graph.node("Shape", [input], { start: 0, end: 1 }, op.layer);
  const rest = graph.integers(`${op.layer}.size`, [shapes[0]!.at(-1)!, ...size]);
  const [sizes] = graph.node("Concat", [shape!, rest], { axis: 0 }, op.layer);
  const attributes =
    interpolation === "nearest"
      ? { mode: "nearest", coordinate_transformation_mode: "half_pixel", nearest_mode: "round_prefer_ceil" }
      : { mode: "linear", coordinate_transformation_mode: "half_pixel" };
  const [name] = graph.node("Resize", [input, "", "", sizes!], attributes, op.layer);
  return { name: name!, layout: "nchw" };
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

const unary: NodeWriter = (graph, step) => {
  const { function: name, alpha } = attributesOf<{ function: string; alpha: number }>(step);
  const write = unaries[name];
  if (write === undefined) {
    throw graph.error(step.op, `with function ${name}, which ONNX export does not write`);
  }
  const layout = layoutOf(graph, step);
  return { name: write(graph, graph.name(step.op.inputs[0]!, layout), step.op.layer, alpha), layout };
};

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

/** How each op is written. */
export const nodeWriters: { readonly [op: string]: NodeWriter } = {
  conv2d,
  depthwiseConv2d: depthwise,
  conv2dBackwardInput: transposedConvolution,
  maxPool2d: pooling("MaxPool"),
  averagePool2d: pooling("AveragePool"),
  matMul,
  biasAdd,
  add: elementwise("Add"),
  multiply: elementwise("Mul"),
  maximum: elementwise("Max"),
  affine,
  unary,
  softmax,
  normalize,
  groupNorm,
  reshape,
  concat,
  pad,
  transpose,
  resize2d: resize,
};

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
