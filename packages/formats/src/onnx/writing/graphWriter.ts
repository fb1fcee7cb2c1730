import { ArgumentError, type ForwardOp, type ForwardTensor } from "@convoy/core";
import { type Constant, constant, sizeOf } from "../constant.js";
import { transposed } from "../fold.js";
import { UniqueNames } from "../uniqueNames.js";
import { MessageWriter } from "./messageWriter.js";

/** Values of attributes: whole numbers are integers, others must say that they are floats. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** How images lie: as here, or as ONNX's convolutions read them. */
export type Layout = "nhwc" | "nchw";

const toChannelsFirst = [0, 3, 1, 2] as const;
const toChannelsLast = [0, 2, 3, 1] as const;

/** `AttributeProto.AttributeType`. */
const attributeTypes = { float: 1, integer: 2, text: 3, integers: 7 } as const;

/** What a tensor of the model is in the graph that is written. */
interface Written {
  readonly shape: readonly number[];
  /** Names by layout; others than images have one only. */
  readonly names: Map<Layout, string>;
}

/** Collects the nodes and weights of an ONNX graph. Tensors are known by their numbers in the forward pass. */
export class GraphWriter {
  readonly #nodes: MessageWriter[] = [];
  readonly #initializers: MessageWriter[] = [];
  readonly #tensors = new Map<number, Written>();
  /** Tensors [rows, C] that are [...,C] in the graph, as operators take them. */
  readonly #rows = new Map<number, { readonly name: string; readonly shape: readonly number[] }>();
  readonly #constants = new Map<number, Constant>();
  readonly #constantNames = new Map<string, Constant>();
  readonly #names = new UniqueNames();

  /** A name that nothing else has. */
  unique(wanted: string): string {
    return this.#names.take(wanted);
  }

  /** Says what a tensor is called. */
  declare({ id, shape }: ForwardTensor, layout: Layout, name: string): void {
    const known = this.#tensors.get(id);
    if (known === undefined) {
      this.#tensors.set(id, { shape, names: new Map([[layout, name]]) });
    } else {
      known.names.set(layout, name);
    }
  }

  /** Says that a tensor is made of weights alone. */
  declareConstant({ id }: ForwardTensor, value: Constant): void {
    this.#constants.set(id, value);
  }

  /** The numbers of a tensor that is made of weights alone. */
  constantOf(id: number): Constant | undefined {
    return this.#constants.get(id);
  }

  /** Says that a tensor of rows [R,C] is another one [...,C] with fewer axes, which needs no node until it is read as rows. */
  declareRows({ id, shape }: ForwardTensor, name: string, whole: readonly number[]): void {
    this.#tensors.set(id, { shape, names: new Map() });
    this.#rows.set(id, { name, shape: whole });
  }

  /** The tensor [...,C] that rows [R,C] are, if they were declared as such. */
  rowsOf(id: number): { readonly name: string; readonly shape: readonly number[] } | undefined {
    return this.#rows.get(id);
  }

  /** Whether images of that number were written with the channels first. */
  has(id: number, layout: Layout): boolean {
    return this.#tensors.get(id)?.names.has(layout) ?? false;
  }

  /** The name of a tensor in a layout; the first time in another one by a Transpose. Weights become initializers. */
  name(id: number, layout: Layout): string {
    const known = this.#constants.get(id);
    if (known !== undefined) {
      const images = known.shape.length === 4 && layout === "nchw";
      return this.initializer(`constant_${id}`, images ? transposed(known, toChannelsFirst) : known);
    }
    const { shape, names } = this.#tensors.get(id)!;
    const rows = this.#rows.get(id);
    if (rows !== undefined && names.size === 0) {
      const target = this.integers(`${rows.name}.rows`, [-1, shape[1]!]);
      names.set("nhwc", this.node("Reshape", [rows.name, target], {}, `${rows.name}_rows`)[0]!);
    }
    const found = names.get(layout) ?? (shape.length === 4 ? undefined : [...names.values()][0]);
    if (found !== undefined) {
      return found;
    }
    const [other] = names.values();
    const perm = layout === "nchw" ? toChannelsFirst : toChannelsLast;
    const [name] = this.node("Transpose", [other!], { perm }, `${other}_${layout}`);
    names.set(layout, name!);
    return name!;
  }

  /** Appends a node and gives the name of its output. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    wanted: string,
    output: string = this.unique(wanted),
  ): string[] {
    const node = new MessageWriter();
    for (const name of inputs) {
      node.text(1, name);
    }
    node.text(2, output).text(3, output).text(4, op);
    for (const [name, value] of Object.entries(attributes)) {
      node.message(5, attribute(name, value));
    }
    this.#nodes.push(node);
    return [output];
  }

  /** The name of an initializer with these numbers. */
  initializer(wanted: string, value: Constant): string {
    const name = [...this.#constantNames].find(([, known]) => known === value)?.[0] ?? this.unique(wanted);
    if (!this.#constantNames.has(name)) {
      this.#constantNames.set(name, value);
      this.#initializers.push(tensorMessage(name, value));
    }
    return name;
  }

  /** An initializer out of a few numbers. */
  floats(wanted: string, values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.initializer(wanted, constant(Float32Array.from(values), shape, false));
  }

  integers(wanted: string, values: readonly number[]): string {
    return this.initializer(wanted, constant(values, [values.length], true));
  }

  /** The finished graph. */
  graph(name: string, inputs: readonly MessageWriter[], outputs: readonly MessageWriter[]): MessageWriter {
    const graph = new MessageWriter();
    for (const node of this.#nodes) {
      graph.message(1, node);
    }
    graph.text(2, name);
    for (const initializer of this.#initializers) {
      graph.message(5, initializer);
    }
    for (const input of inputs) {
      graph.message(11, input);
    }
    for (const output of outputs) {
      graph.message(12, output);
    }
    return graph;
  }

  /** Why an op cannot be written. */
  error({ op, layer }: ForwardOp, why: string): ArgumentError {
    return new ArgumentError(`writeOnnx: layer ${layer} has an op ${op}, ${why}`);
  }
}

function attribute(name: string, value: AttributeValue): MessageWriter {
  const message = new MessageWriter().text(1, name);
  if (typeof value === "number") {
    return message.integer(3, value).integer(20, attributeTypes.integer);
  }
  if (typeof value === "string") {
    return message.text(4, value).integer(20, attributeTypes.text);
  }
  return "float" in value
    ? message.float(2, value.float).integer(20, attributeTypes.float)
    : message.integers(8, value).integer(20, attributeTypes.integers);
}

const elementType = { float: 1, int64: 7 } as const;

function tensorMessage(name: string, { data, shape, integer }: Constant): MessageWriter {
  const message = new MessageWriter().integers(1, shape);
  const bytes = new Uint8Array(sizeOf(shape) * (integer ? 8 : 4));
  const view = new DataView(bytes.buffer);
  data.forEach((value, index) => {
    if (integer) {
      view.setBigInt64(index * 8, BigInt(value), true);
    } else {
      view.setFloat32(index * 4, value, true);
    }
  });
  return message
    .integer(2, integer ? elementType.int64 : elementType.float)
    .text(8, name)
    .bytes(9, bytes);
}

/** An input or output of floats; the batch has no fixed size. */
export function portMessage(name: string, sample: readonly number[]): MessageWriter {
  const shape = new MessageWriter().message(1, new MessageWriter().text(2, "batch"));
  for (const size of sample) {
    shape.message(1, new MessageWriter().integer(1, size));
  }
  const tensor = new MessageWriter().integer(1, elementType.float).message(2, shape);
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor));
}
