import { ArgumentError, PlanError } from "../errors.js";
import type { Attributes, DType, OpDefinition, TensorSpec, Value } from "../ops/definition.js";
import { sizeOf } from "../ops/definition.js";
import { type OpAttributes, type OpName, ops } from "../ops/index.js";

/** A place outside the arena: a part of a buffer that outlives the step. Offsets and lengths count elements. */
export interface Placement {
  readonly buffer: string;
  readonly offset: number;
}

/** Whether two places are one. */
export function samePlacement(a: Placement, b: Placement): boolean {
  return a.buffer === b.buffer && a.offset === b.offset;
}

/** Element type and length of a buffer that outlives the step: parameters, gradients, slots, data, predictions. */
export interface BufferSpec {
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;
}

/** A tensor of a graph with its name and, where it has one, its place outside the arena. */
export interface GraphValue extends Value {
  readonly label: string;
  placement?: Placement;
}

/** One node: an op over values. */
export interface GraphOperation {
  readonly op: OpName;
  readonly attributes: Attributes;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** The layer or purpose that it stands for, for printing and errors. */
  readonly label: string;
}

/** The definition of an op by its name, its attribute type forgotten: for code that handles ops of every kind. */
export function opDefinition(name: OpName): OpDefinition<Attributes> {
  return ops[name] as unknown as OpDefinition<Attributes>;
}

/** The inputs that an op overwrites. */
export function updatedInputs({ op, inputs }: Pick<GraphOperation, "op" | "inputs">): readonly GraphValue[] {
  return (opDefinition(op).updates ?? []).flatMap((position) => inputs[position] ?? []);
}

/** Throws unless an op takes so many inputs. */
function checkInputCount(op: OpName, definition: OpDefinition<Attributes>, count: number): void {
  const { inputs, optionalInputs = 0, variadic = false } = definition;
  const fits = count >= inputs.length - optionalInputs && (variadic || count <= inputs.length);
  if (!fits) {
    throw new ArgumentError(
      `${op}: got ${count} inputs, takes ${inputs.join(", ")}` +
        (optionalInputs > 0 ? ` (the last ${optionalInputs} optional)` : "") +
        (variadic ? " (the last one or more times)" : ""),
    );
  }
}

/** A graph of ops in the order in which they are computed. Layers, losses, autodiff and optimizers append to it. */
export class Graph {
  readonly values: GraphValue[] = [];
  readonly buffers: Map<string, BufferSpec> = new Map();
  operations: GraphOperation[] = [];
  #label = "";

  /** What the ops that are appended now stand for: the layer. */
  get label(): string {
    return this.#label;
  }

  /** Declares a buffer that outlives the step. */
  declareBuffer(name: string, spec: BufferSpec): void {
    this.buffers.set(name, spec);
  }

  /** A tensor that lives in a declared buffer at `offset` elements. */
  place(label: string, spec: TensorSpec, buffer: string, offset = 0): GraphValue {
    const value = this.#newValue(label, spec);
    this.bind(value, { buffer, offset });
    return value;
  }

  /** Gives a computed tensor a place outside the arena: a parameter's gradient in the flat gradient buffer. */
  bind(value: Value, placement: Placement): void {
    const buffer = this.buffers.get(placement.buffer);
    if (buffer === undefined) {
      throw new PlanError(`graph: buffer "${placement.buffer}" is not declared`);
    }
    if (buffer.dtype !== value.dtype || placement.offset + sizeOf(value.shape) > buffer.length) {
      throw new PlanError(
        `graph: a ${value.dtype} tensor of ${sizeOf(value.shape)} elements at ${placement.offset} does not fit buffer ` +
          `"${placement.buffer}" (${buffer.dtype}, ${buffer.length} elements)`,
      );
    }
    const bound = this.values[value.id] as GraphValue;
    if (bound.placement !== undefined && !samePlacement(bound.placement, placement)) {
      throw new PlanError(
        `graph: ${bound.label} has its place in "${bound.placement.buffer}" at ${bound.placement.offset} and cannot have ` +
          `another in "${placement.buffer}" at ${placement.offset}`,
      );
    }
    bound.placement = placement;
  }

  /** Appends an op and returns its outputs. Throws `ShapeError` where the inputs do not fit. */
  apply<N extends OpName>(op: N, inputs: readonly Value[], attributes: OpAttributes[N]): GraphValue[] {
    const definition = opDefinition(op);
    checkInputCount(op, definition, inputs.length);
    const plain = attributes as unknown as Attributes;
    const outputs = definition
      .inferOutputs(inputs, plain)
      .map((spec, index) => this.#newValue(`${this.#label || op}.${definition.outputs[index]}`, spec));
    const graphInputs = inputs.map((input) => this.values[input.id] as GraphValue);
    this.operations.push({ op, attributes: plain, inputs: graphInputs, outputs, label: this.#label });
    return outputs;
  }

  /** Runs `build` with every op that it appends labelled `label`. */
  labelled<T>(label: string, build: () => T): T {
    const outer = this.#label;
    this.#label = label;
    try {
      return build();
    } finally {
      this.#label = outer;
    }
  }

  /** The op that computes `value`; undefined for a tensor that lives in a buffer. */
  producer(value: Value): GraphOperation | undefined {
    return this.operations.find((operation) => operation.outputs.some((output) => output.id === value.id));
  }

  /** A new tensor that no op computes yet. */
  #newValue(label: string, { shape, dtype }: TensorSpec): GraphValue {
    const value: GraphValue = { id: this.values.length, label, shape, dtype };
    this.values.push(value);
    return value;
  }
}
