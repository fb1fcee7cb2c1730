import {
  ArgumentError,
  ConvoyError,
  formatShape,
  input,
  type Model,
  ModelFileError,
  model,
  type SymbolicTensor,
} from "@convoy/core";
import { checkNames } from "../checkNames.js";
import { type FileSource, openFiles } from "../files/sources.js";
import { Builder, type Conversion } from "./builder.js";
import { type Constant, readConstant, sizeOf } from "./constant.js";
import { activations } from "./conversions/activations.js";
import { convolutions } from "./conversions/convolution.js";
import { elementwise } from "./conversions/elementwise.js";
import { poolings } from "./conversions/pooling.js";
import { shaping } from "./conversions/shaping.js";
import { folds } from "./fold.js";
import { withGelu } from "./gelu.js";
import { type Activation, activation, asImages, asInOnnx, channelsLast, type GraphValue } from "./graphValue.js";
import {
  layoutKey,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxPort,
  readModelMessage,
} from "./messages.js";
import { NodeReader, nodeLabel } from "./nodeReader.js";
import { inOrderOfUse } from "./order.js";

/** Settings of `readOnnx`. */
export interface ReadOnnxOptions {
  /** Shape of a sample, [H,W,C], where the file leaves sizes open; default what the file says. */
  readonly inputShape?: readonly number[];
  /**
   * How the file has the images that go in: "nchw" or "nhwc"; default what the nodes that read them, or else their sizes, tell. The
   * model takes [N,H,W,C] in any case.
   */
  readonly layout?: "nchw" | "nhwc";
  /** Name of the model; default that of the graph. */
  readonly name?: string;
}

/** Most nodes of a graph, and most values that they give. */
const maxNodes = 20_000;

const conversions: { readonly [op: string]: Conversion } = {
  ...convolutions,
  ...poolings,
  ...elementwise,
  ...activations,
  ...shaping,
};

/** Versions of ONNX's operators that are read. */
const versions = { oldest: 7, newest: 21 };

/**
 * Reads an ONNX file as a model that can be trained on. ONNX has images as [N,C,H,W]; the model takes and gives them as
 * [N,H,W,C]. Throws `ModelFileError` with the byte or node for files that are damaged or hold what is not read.
 */
export async function readOnnx(source: FileSource, options: ReadOnnxOptions = {}): Promise<Model> {
  checkNames("readOnnx", options, ["inputShape", "layout", "name"]);
  if (options.layout !== undefined && options.layout !== "nchw" && options.layout !== "nhwc") {
    throw new ArgumentError(`readOnnx: layout is ${JSON.stringify(options.layout)}, expected "nchw" or "nhwc"`);
  }
  const { main: bytes } = await openFiles(source);
  const message = readModelMessage(bytes);
  const { made, builder } = within("the graph", () => buildModel(message, bytes.length, options));
  for (const { layer, values } of builder.weights) {
    try {
      await layer.setWeights(values.map(({ data, shape }) => ({ data, shape })));
    } catch (error) {
      throw asFileError("its weights", error);
    }
  }
  return made;
}

function buildModel(message: OnnxModel, fileSize: number, options: ReadOnnxOptions): { made: Model; builder: Builder } {
  const { graph } = message;
  const opset = message.opsets.get("") ?? 0;
  if (opset < versions.oldest || opset > versions.newest) {
    throw new ModelFileError(
      `ONNX file: version ${opset} of ONNX's operators; ${versions.oldest} to ${versions.newest} are read. Convert it by ` +
        "onnx.version_converter, or export the model again with another opset",
    );
  }
  const given = graph.nodes.reduce((sum, { outputs }) => sum + Math.max(1, outputs.length), 0);
  if (given > maxNodes) {
    throw new ModelFileError(`ONNX file: nodes that give ${given} values; up to ${maxNodes} are read`);
  }
  const spend = budget(fileSize);
  const values = new Map<string, GraphValue>();
  for (const tensor of graph.initializers) {
    values.set(tensor.name, readConstant(tensor, `initializer "${tensor.name}"`));
  }
  const ordered = inOrderOfUse(graph.nodes, new Set([...values.keys(), ...graph.inputs.map(({ name }) => name)]));
  const context = { opset, valueOf: (name: string) => values.get(name), limit: Math.max(2 ** 16, fileSize) };
  const constantOf = (name: string): Constant | undefined => {
    const value = values.get(name);
    return value?.kind === "constant" ? value : undefined;
  };
  // First what weights alone give, so that layers find their weights wherever they are computed.
  for (const node of ordered) {
    foldNode(new NodeReader(node, context), values, spend);
  }
  const nodes = withGelu(
    ordered.filter((node) => !node.outputs.every((name) => name === "" || values.has(name))),
    constantOf,
  );
  expectKnownOperators(nodes);
  const consumers = consumersOf(nodes, graph);
  const inputs = new Map<string, SymbolicTensor>();
  for (const port of graph.inputs.filter(({ name }) => !values.has(name))) {
    const value = inputValue(port, consumers, { ...noted(message), ...options });
    inputs.set(port.name, value.tensor);
    values.set(port.name, value);
  }
  const inputNames = [...inputs.values()].map(({ call }) => call.layer.label);
  const channelsFirst = [...values.values()].some((value) => value.kind === "activation" && isImageOrder(value.axes));
  const builder = new Builder(consumers, constantOf, inputNames, budget(fileSize));
  for (const node of nodes) {
    const reader = new NodeReader(node, context);
    within(nodeLabel(node), () => convert(reader, builder, values, spend));
  }
  const outputs = graph.outputs.map(({ name }) => outputTensor(name, values, channelsFirst));
  const [only] = outputs;
  if (only === undefined) {
    throw new ModelFileError("ONNX file: the graph has no outputs");
  }
  const made = model({
    inputs: inputs.size === 1 ? [...inputs.values()][0]! : [...inputs.values()],
    outputs: outputs.length === 1 ? only : outputs,
    name: options.name ?? (graph.name.replace(/[^A-Za-z0-9_.-]+/g, "_") || "onnx"),
  }) as Model;
  return { made, builder };
}

/** Counts memory that a node takes. */
type Spend = (bytes: number, node: NodeReader) => void;

/** Four times the file, and some for small ones: a few bytes of nodes could otherwise multiply large weights again and again. */
function budget(fileSize: number): Spend {
  const most = 4 * fileSize + 2 ** 18;
  let left = most;
  return (bytes, node) => {
    left -= bytes;
    if (left < 0) {
      throw node.error(
        `with it, what nodes compute of constants, or hold as weights, takes more than ${most} bytes, out of proportion to the file`,
      );
    }
  };
}

/** Computes a node whose inputs are all known; leaves others alone. */
function foldNode(node: NodeReader, values: Map<string, GraphValue>, spend: Spend): boolean {
  const { op, inputs, outputs } = node.node;
  const output = outputs[0];
  const known = inputs.map((name) => (name === "" ? undefined : values.get(name)));
  if (output === undefined) {
    return false;
  }
  if (op === "Constant") {
    values.set(output, constantNode(node));
    return true;
  }
  const fold = Object.hasOwn(folds, op) ? folds[op] : undefined;
  const constants = known.filter((value) => value?.kind === "constant");
  const present = inputs.filter((name) => name !== "").length;
  if (fold === undefined || present === 0 || constants.length !== present) {
    return false;
  }
  const result = within(nodeLabel(node.node), () => fold(node, constants));
  if (constants.every(({ data }) => data !== result.data)) {
    spend(result.data.byteLength, node);
  }
  values.set(output, result);
  return true;
}

function constantNode(node: NodeReader): Constant {
  const tensor = node.tensor("value");
  if (tensor !== undefined) {
    return tensor;
  }
  const { attributes } = node.node;
  const [float, integer] = [attributes.get("value_float")?.float, attributes.get("value_int")?.integer];
  const [floats, whole] = [node.optionalFloats("value_floats"), node.optionalIntegers("value_ints")];
  const list = floats ?? whole;
  if (float !== undefined || integer !== undefined) {
    return { kind: "constant", data: Float64Array.of(float ?? integer ?? 0), shape: [], integer: float === undefined };
  }
  if (list === undefined) {
    throw node.error("a constant of a kind that is not read");
  }
  return { kind: "constant", data: Float64Array.from(list), shape: [list.length], integer: floats === undefined };
}

function convert(node: NodeReader, builder: Builder, values: Map<string, GraphValue>, spend: Spend): void {
  if (builder.isAbsorbed(node.node)) {
    const [first, second] = [node.input(0), node.input(1)];
    values.set(node.node.outputs[0]!, first?.kind === "activation" ? first : second!);
    return;
  }
  if (foldNode(node, values, spend)) {
    return;
  }
  const conversion = Object.hasOwn(conversions, node.node.op) ? conversions[node.node.op] : undefined;
  if (conversion === undefined) {
    throw node.error("it is computed from constants only, but here its inputs depend on the model's");
  }
  const given = conversion(node, builder);
  const results = "kind" in given ? [given] : given;
  results.forEach((value, index) => {
    const name = node.node.outputs[index];
    if (name !== undefined && name !== "") {
      values.set(name, value);
    }
  });
}

function expectKnownOperators(nodes: readonly OnnxNode[]): void {
  const unknown = nodes.filter(
    ({ op, domain }) =>
      domain !== "" || !(Object.hasOwn(conversions, op) || Object.hasOwn(folds, op) || op === "Constant"),
  );
  if (unknown.length > 0) {
    const labels = unknown
      .slice(0, 5)
      .map((node) => nodeLabel(node) + (node.domain === "" ? "" : ` of ${node.domain}`));
    throw new ModelFileError(
      `ONNX file: ${labels.join(", ")}${unknown.length > 5 ? ` and ${unknown.length - 5} more` : ""}: there is no layer for ` +
        `${[...new Set(unknown.map(({ op }) => op))].slice(0, 20).join(", ")}. Export the model without, or cut the graph before`,
    );
  }
}

/** The nodes that read each value; for outputs of the graph one more, so that they are never the only one. */
function consumersOf(nodes: readonly OnnxNode[], { outputs }: OnnxGraph): ReadonlyMap<string, readonly OnnxNode[]> {
  const consumers = new Map<string, OnnxNode[]>();
  const note = (name: string, node: OnnxNode): void => {
    const known = consumers.get(name);
    if (known === undefined) {
      consumers.set(name, [node]);
    } else {
      known.push(node);
    }
  };
  for (const node of nodes) {
    for (const name of node.inputs) {
      note(name, node);
    }
  }
  for (const { name } of outputs) {
    note(name, { name, op: "", domain: "", inputs: [name], outputs: [], attributes: new Map() });
  }
  return consumers;
}

/** How images lie, where the file says it. */
function noted({ metadata }: OnnxModel): Pick<ReadOnnxOptions, "layout"> {
  const layout = metadata.get(layoutKey);
  return layout === "nchw" || layout === "nhwc" ? { layout } : {};
}

/** A tensor of the model for an input of the graph. */
function inputValue(
  port: OnnxPort,
  consumers: ReadonlyMap<string, readonly OnnxNode[]>,
  { inputShape, layout }: ReadOnnxOptions,
): Activation {
  const { name, shape } = port;
  const label = `ONNX file, input "${name}"`;
  if (port.type !== 1 && port.type !== 10 && port.type !== 11) {
    throw new ModelFileError(`${label}: numbers of type ${port.type}; models take float`);
  }
  if (shape === undefined || shape.length === 0) {
    throw new ModelFileError(`${label}: the file does not say its shape; export the model again with one`);
  }
  const sample = shape.slice(1);
  const images =
    sample.length === 3 && (layout === undefined ? hasChannelsFirst(sample, name, consumers) : layout === "nchw");
  const [channels, ...spatial] = sample;
  const laidOut = images ? [...spatial, channels!] : sample;
  const wanted = inputShape ?? laidOut;
  const fits =
    wanted.length === laidOut.length && laidOut.every((size, axis) => size === null || size === wanted[axis]);
  if (!fits || wanted.some((size) => size === null || !Number.isInteger(size) || size < 1)) {
    throw new ModelFileError(
      `${label}: samples are ${formatShape(laidOut)}, but inputShape is ${inputShape ? formatShape(inputShape) : "not given"}. ` +
        "Give a shape without the batch that fits, such as { inputShape: [224, 224, 3] }",
    );
  }
  if (!Number.isSafeInteger(sizeOf(wanted as number[]))) {
    throw new ModelFileError(`${label}: samples of ${formatShape(wanted)}`);
  }
  const tensor = input({ shape: wanted as number[], name: name.replace(/[^A-Za-z0-9_.-]+/g, "_") || "input" });
  return activation(tensor, images ? { axes: channelsLast } : {});
}

/** Operators that read images with the channels first. */
const imageOperators = [
  ...["Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization"],
  ...["InstanceNormalization", "Resize", "Upsample", "PRelu"],
];

/** Operators that say nothing of the order of axes. */
const indifferent = ["Identity", "Cast", "Add", "Sub", "Mul", "Div", "Clip", "Relu", "Pad", "Dropout"];

/** Whether images come in as [C,H,W]: by what reads them, or else by their sizes. */
function hasChannelsFirst(
  sample: readonly (number | null)[],
  name: string,
  consumers: ReadonlyMap<string, readonly OnnxNode[]>,
): boolean {
  const seen = new Set<string>();
  const waiting = [name];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    for (const { op, inputs, outputs } of seen.has(value) ? [] : (consumers.get(value) ?? [])) {
      if (imageOperators.includes(op) && inputs[0] === value) {
        return true;
      }
      if (op === "Transpose") {
        return false;
      }
      if (indifferent.includes(op)) {
        for (const output of outputs) {
          waiting.push(output);
        }
      }
    }
    seen.add(value);
  }
  const [first, , last] = sample;
  const few = (size: number | null | undefined): boolean => typeof size === "number" && size <= 4;
  return few(first) && !few(last);
}

/** Outputs that are images are [H,W,C], unless all is in that order in the file; others get the order that ONNX has. */
function outputTensor(name: string, values: ReadonlyMap<string, GraphValue>, channelsFirst: boolean): SymbolicTensor {
  const value = values.get(name);
  if (value?.kind !== "activation") {
    throw new ModelFileError(
      `ONNX file, output "${name}": ${value === undefined ? "no node gives it" : "it does not depend on the inputs"}`,
    );
  }
  const isImage = isImageOrder(value.axes);
  return isImage || (channelsFirst && value.axes.length === 3) ? asImages(value).tensor : asInOnnx(value).tensor;
}

function isImageOrder(axes: readonly number[]): boolean {
  return axes.length === 3 && axes.every((axis, index) => axis === channelsLast[index]);
}

/** What layers and models refuse is wrong with the file. */
function within<T>(label: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw asFileError(label, error);
  }
}

function asFileError(label: string, error: unknown): unknown {
  const refused = error instanceof ConvoyError || error instanceof TypeError || error instanceof RangeError;
  return refused && !(error instanceof ModelFileError)
    ? new ModelFileError(`ONNX file, ${label}: ${error.message}`, { cause: error })
    : error;
}
