import type { Layer, SymbolicTensor, SymbolicTensors } from "@convoy/core";
import { type Constant, sizeOf } from "./constant.js";
import type { GraphValue } from "./graphValue.js";
import type { OnnxNode } from "./messages.js";
import type { NodeReader } from "./nodeReader.js";
import { UniqueNames } from "./uniqueNames.js";

/** The weights of a layer as they stand in the file, in the layer's order. */
export interface LayerValues {
  readonly layer: Layer;
  readonly values: readonly { readonly data: Float32Array; readonly shape: readonly number[] }[];
}

/** Makes of a node what it gives. */
export type Conversion = (node: NodeReader, build: Builder) => GraphValue | readonly GraphValue[];

/** Calls layers, names them after nodes, and keeps what their weights are. */
export class Builder {
  readonly weights: LayerValues[] = [];
  readonly #consumers: ReadonlyMap<string, readonly OnnxNode[]>;
  readonly #constantOf: (name: string) => Constant | undefined;
  readonly #absorbed = new Set<OnnxNode>();
  readonly #names: UniqueNames;
  readonly #spend: (bytes: number, node: NodeReader) => void;

  /**
   * @param consumers the nodes that read a value, and undefined among them where it is an output of the graph
   * @param inputs names of the model's inputs, which no layer may have
   * @param spend counts memory that weights take: many nodes may read the same ones, and each layer has its own
   */
  constructor(
    consumers: ReadonlyMap<string, readonly OnnxNode[]>,
    constantOf: (name: string) => Constant | undefined,
    inputs: Iterable<string>,
    spend: (bytes: number, node: NodeReader) => void,
  ) {
    this.#consumers = consumers;
    this.#constantOf = constantOf;
    this.#names = new UniqueNames(inputs);
    this.#spend = spend;
  }

  /** Calls a layer that the node stands for, and remembers its weights. */
  call(
    make: (options: { readonly name: string }) => Layer,
    node: NodeReader,
    inputs: SymbolicTensors,
    values: readonly Constant[] = [],
  ): SymbolicTensor {
    const layer = make({ name: this.#name(node.node) });
    const output = layer(inputs);
    if (values.length > 0) {
      this.#spend(4 * values.reduce((sum, { data }) => sum + data.length, 0), node);
      this.weights.push({
        layer,
        values: values.map(({ data, shape }) => ({
          data: data instanceof Float32Array ? data : Float32Array.from(data),
          shape,
        })),
      });
    }
    return output;
  }

  /**
   * The vector that the one node behind this one adds, if it is one number for each channel; the layer takes it as its bias
   * then, and the addition is left out.
   * @param axesBehind how many axes lie behind that of the channels
   */
  takeBias(node: OnnxNode, channels: number, axesBehind: number): Constant | undefined {
    const consumers = this.#consumers.get(node.outputs[0] ?? "") ?? [];
    const [add] = consumers;
    if (consumers.length !== 1 || add?.op !== "Add" || add.domain !== "" || add.inputs[0] === add.inputs[1]) {
      return undefined;
    }
    const bias = this.#constantOf(add.inputs.find((name) => name !== node.outputs[0]) ?? "");
    const axis = (bias?.shape.length ?? 0) - 1 - axesBehind;
    if (
      bias === undefined ||
      sizeOf(bias.shape) !== channels ||
      bias.shape[axis] !== channels ||
      bias.shape.length > axesBehind + 2
    ) {
      return undefined;
    }
    this.#absorbed.add(add);
    return { ...bias, shape: [channels] };
  }

  /** Whether the node was made part of the layer before. */
  isAbsorbed(node: OnnxNode): boolean {
    return this.#absorbed.has(node);
  }

  /** A name for a layer: that of the node's weights in PyTorch's files, or of the node. */
  #name({ name, op, inputs }: OnnxNode): string {
    const [, module] = /^(.+)[./]weight$/.exec(inputs[1] ?? "") ?? [];
    const wanted =
      (module ?? (name === "" ? op : name)).replace(/[^A-Za-z0-9_.-]+/g, "_").replace(/^_+|_+$/g, "") || op;
    return this.#names.take(wanted);
  }
}
