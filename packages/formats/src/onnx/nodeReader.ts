import { formatShape, ModelFileError } from "@convoy/core";
import { type Constant, maxRank, readConstant, sizeOf } from "./constant.js";
import { type Activation, asInOnnx, type GraphValue, sampleShape } from "./graphValue.js";
import type { OnnxAttribute, OnnxNode } from "./messages.js";

/** What nodes are read with. */
export interface ReadingContext {
  /** Version of ONNX's operators. */
  readonly opset: number;
  /** The value of that name, if it is known yet. */
  readonly valueOf: (name: string) => GraphValue | undefined;
  /** Most numbers that a computed constant may have. */
  readonly limit: number;
}

/** A node with its inputs and attributes, and errors that name it. */
export class NodeReader {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly #context: ReadingContext;

  constructor(node: OnnxNode, context: ReadingContext) {
    this.node = node;
    this.opset = context.opset;
    this.#context = context;
  }

  error(what: string, cause?: unknown): ModelFileError {
    return new ModelFileError(`ONNX file, ${nodeLabel(this.node)}: ${what}`, { cause });
  }

  /** An input; undefined where it is left out. */
  input(index: number): GraphValue | undefined {
    const name = this.node.inputs[index];
    return name === undefined || name === "" ? undefined : this.#context.valueOf(name);
  }

  /** All inputs that are there. */
  inputs(): GraphValue[] {
    return this.node.inputs.flatMap((_, index) => this.input(index) ?? []);
  }

  /** An input that the model computes. */
  activation(index: number): Activation {
    const value = this.input(index);
    if (value?.kind !== "activation") {
      throw this.error(
        `input ${index} is ${value === undefined ? "missing" : "a constant"}, where one that depends on the model's inputs is read`,
      );
    }
    return value;
  }

  /** An input that must be known when the file is read: weights. */
  constant(index: number): Constant {
    const value = this.input(index);
    if (value?.kind !== "constant") {
      throw this.error(
        `input ${index} is ${value === undefined ? "missing" : "computed from the model's inputs"}, where a constant is read`,
      );
    }
    return value;
  }

  /** Constant weights of that many axes. */
  weights(index: number, rank: number): Constant {
    const weights = this.constant(index);
    if (weights.shape.length !== rank) {
      throw this.error(`input ${index} has shape ${formatShape(weights.shape)}, expected ${rank} axes`);
    }
    return weights;
  }

  /** A constant vector, or a single number, as a list. */
  vector(index: number): number[] {
    const { data, shape } = this.constant(index);
    if (shape.length > 1) {
      throw this.error(`input ${index} has shape ${formatShape(shape)}, expected one axis`);
    }
    return Array.from(data);
  }

  /** Images [N,C,H,W] in ONNX. */
  images(index: number): Activation {
    const value = this.activation(index);
    if (value.axes.length !== 3) {
      throw this.error(
        `input ${index} has samples ${formatShape(sampleShape(value))}, expected images [C,H,W]; convolution and pooling are read ` +
          "over two axes only",
      );
    }
    return value;
  }

  /** The shape that ONNX gives an input, NaN for the batch. */
  shape(index: number): readonly number[] {
    const value = this.input(index);
    return value?.kind === "constant" ? value.shape : [Number.NaN, ...sampleShape(this.activation(index))];
  }

  /** A tensor in the order of axes that ONNX has. */
  inOnnxOrder(index: number): Activation {
    return asInOnnx(this.activation(index));
  }

  integer(name: string, standard: number): number {
    return this.#attribute(name)?.integer ?? standard;
  }

  float(name: string, standard: number): number {
    return this.#attribute(name)?.float ?? standard;
  }

  text(name: string, standard: string): string {
    return this.#attribute(name)?.text ?? standard;
  }

  optionalIntegers(name: string): readonly number[] | undefined {
    return this.#attribute(name)?.integers;
  }

  /** A list of that length. */
  integers(name: string, standard: readonly number[]): readonly number[] {
    const found = this.optionalIntegers(name);
    if (found !== undefined && found.length !== standard.length) {
      throw this.error(`attribute ${name} is ${formatShape(found)}, expected ${standard.length} numbers`);
    }
    return found ?? standard;
  }

  optionalFloats(name: string): readonly number[] | undefined {
    return this.#attribute(name)?.floats;
  }

  tensor(name: string): Constant | undefined {
    const tensor = this.#attribute(name)?.tensor;
    return tensor && readConstant(tensor, nodeLabel(this.node));
  }

  /** Throws where a computed constant would be larger than the whole file has reason for. */
  expectSmall(shape: readonly number[]): void {
    const size = sizeOf(shape);
    this.expectRank(shape);
    if (!(shape.every((length) => Number.isInteger(length) && length >= 0) && size <= this.#context.limit)) {
      throw this.error(`it computes a constant of shape ${formatShape(shape)}, which is out of proportion to the file`);
    }
  }

  /** Throws for more axes than tensors have. */
  expectRank({ length }: { readonly length: number }): void {
    if (length > maxRank) {
      throw this.error(`its result has ${length} axes; up to ${maxRank} are read`);
    }
  }

  /** Throws where there are fewer inputs than the operator takes. */
  expectInputs(inputs: readonly unknown[], count: number): void {
    if (inputs.length < count) {
      throw this.error(`it has ${inputs.length} inputs, expected ${count}`);
    }
  }

  #attribute(name: string): OnnxAttribute | undefined {
    const attribute = this.node.attributes.get(name);
    if (attribute?.other) {
      throw this.error(`attribute ${name} holds a graph or another value that is not read`);
    }
    return attribute;
  }
}

/** `node "conv1" (Conv)`; nodes without a name are called after their output. */
export function nodeLabel({ name, op, outputs }: OnnxNode): string {
  return name === "" ? `the node (${op}) that gives "${outputs[0] ?? ""}"` : `node "${name}" (${op})`;
}
