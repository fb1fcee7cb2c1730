import { bytesOf, inputName } from "../../ops/definition.js";
import type { OpAttributes, OpName } from "../../ops/index.js";
import { opDefinition, type PlanOp, type PlanValue } from "../../plan/index.js";
import { type ComparisonTolerance, compareTensors, type TensorComparison } from "./compareTensors.js";
import type { ParameterLayout } from "./modelStep.js";
import { coordinates, placeInParameters } from "./places.js";
import type { ComparedOp, Difference } from "./planComparison.js";
import { isPoolingTie } from "./poolingTies.js";
import { type HostMemory, tensorIn } from "./runOps.js";

/** A tensor of an op, and the op or the part of it that it belongs to. */
interface Examined {
  readonly value: PlanValue;
  /** Its name in the definition of that part. */
  readonly output: string;
  readonly part: PlanOp;
  /** Whether the op must leave it as it was. */
  readonly readOnly: boolean;
}

/** Compares what an op left behind on two backends. */
export class OpExaminer {
  readonly #values: ReadonlyMap<number, PlanValue>;
  readonly #layout: ParameterLayout;
  readonly #tolerance: Required<ComparisonTolerance>;

  constructor(values: readonly PlanValue[], layout: ParameterLayout, tolerance: Required<ComparisonTolerance>) {
    this.#values = new Map(values.map((value) => [value.id, value]));
    this.#layout = layout;
    this.#tolerance = tolerance;
  }

  /** The op's outputs and updated inputs within the tolerance, its other inputs exactly. */
  examine(
    op: PlanOp,
    a: HostMemory,
    b: HostMemory,
  ): Pick<ComparedOp, "status" | "elements" | "maxError" | "differing" | "difference"> {
    let [elements, maxError, differing] = [0, 0, 0];
    let difference: Difference | undefined;
    for (const examined of this.#examined(op)) {
      const found = this.#compare(op, examined, a, b);
      elements += examined.readOnly ? 0 : tensorIn(a, examined.value).length;
      maxError = Math.max(maxError, found.maxError);
      differing += found.differing;
      if (found.first !== undefined) {
        difference ??= this.#difference(op, examined, found.first, found, a, b);
      }
    }
    return {
      status: difference ? "differs" : "agrees",
      elements,
      maxError,
      differing,
      ...(difference ? { difference } : {}),
    };
  }

  /** What the op writes, in order, then what it only reads. */
  #examined(op: PlanOp): Examined[] {
    const parts = op.parts ?? [op];
    const written = [...op.outputs, ...op.updates].map((id) => this.#written(id, parts));
    const read = op.inputs
      .map((id) => this.#values.get(id)!)
      .filter((value) => !written.some((other) => overlap(value, other.value)))
      .map((value) => this.#read(value, parts));
    return [...written, ...read];
  }

  #written(id: number, parts: readonly PlanOp[]): Examined {
    const part = parts.find(({ outputs, updates }) => outputs.includes(id) || updates.includes(id))!;
    const definition = opDefinition(part.op as OpName);
    const output = part.outputs.includes(id)
      ? definition.outputs[part.outputs.indexOf(id)]!
      : inputName(definition, part.inputs.indexOf(id));
    return { value: this.#values.get(id)!, output, part, readOnly: false };
  }

  #read(value: PlanValue, parts: readonly PlanOp[]): Examined {
    const part = parts.find(({ inputs }) => inputs.includes(value.id))!;
    const output = inputName(opDefinition(part.op as OpName), part.inputs.indexOf(value.id));
    return { value, output, part, readOnly: true };
  }

  #compare(op: PlanOp, { value, part, readOnly }: Examined, a: HostMemory, b: HostMemory): TensorComparison {
    const [expected, actual] = [tensorIn(a, value), tensorIn(b, value)];
    if (readOnly) {
      return compareTensors(expected, actual, { relative: 0, absolute: 0 });
    }
    if (op.parts === undefined || part.op !== "maxPool2d" || value.dtype !== "int32") {
      return compareTensors(expected, actual, this.#tolerance);
    }
    const [input, output] = [part.inputs[0]!, part.outputs[0]!].map((id) => {
      const tensor = this.#values.get(id)!;
      return { shape: tensor.shape, data: tensorIn(a, tensor) };
    });
    const attributes = part.attributes as unknown as OpAttributes["maxPool2d"];
    const isTie = isPoolingTie(input!, output!, attributes, this.#tolerance);
    return compareTensors(expected, actual, this.#tolerance, (index) => isTie(index, actual[index]!));
  }

  #difference(
    op: PlanOp,
    { value, output, part, readOnly }: Examined,
    at: number,
    { allowed, differing }: TensorComparison,
    a: HostMemory,
    b: HostMemory,
  ): Difference {
    return {
      op: op.op,
      ...(op.parts ? { parts: op.parts.map((each) => each.op) } : {}),
      ...this.#place(value, part, at),
      output,
      a: tensorIn(a, value)[at]!,
      b: tensorIn(b, value)[at]!,
      allowed,
      differing,
      readOnly,
    };
  }

  #place(value: PlanValue, part: PlanOp, at: number): Pick<Difference, "layer" | "value" | "shape" | "index"> {
    const isFlat = value.shape.length === 1 && value.shape[0] === this.#layout.trainedLength;
    const parameter = isFlat && part.updates.length > 0 ? placeInParameters(this.#layout, at) : undefined;
    return (
      parameter ?? { layer: part.label, value: value.label, shape: value.shape, index: coordinates(at, value.shape) }
    );
  }
}

/** Whether two tensors share memory. */
function overlap(a: PlanValue, b: PlanValue): boolean {
  return a.buffer === b.buffer && a.byteOffset < b.byteOffset + bytesOf(b) && b.byteOffset < a.byteOffset + bytesOf(a);
}
