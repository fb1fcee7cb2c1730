import { formatShape } from "../errors.js";
import type { Tensor, TensorData } from "../tensor.js";
import { isTensor, type NestedNumbers, toTensor } from "../tensorInput.js";
import { ElementError, failedAt } from "./elementError.js";

/**
 * What a batch of elements `T` is: a number becomes [N], a typed array [N, length], a tensor [N, ...shape]; arrays and objects
 * of these become arrays and objects of batches; anything else a plain array.
 */
export type Batched<T> = T extends number | boolean
  ? Tensor<Float32Array>
  : T extends Tensor<infer D>
    ? Tensor<D>
    : T extends TensorData
      ? Tensor<T>
      : T extends readonly unknown[]
        ? { [K in keyof T]: BatchedPart<T[K]> }
        : T extends string | null | undefined
          ? T[]
          : T extends object
            ? { [K in keyof T]: BatchedPart<T[K]> }
            : T[];

/** A part of an element may be nested arrays of numbers as well. */
type BatchedPart<T> = T extends NestedNumbers ? Tensor<Float32Array> : Batched<T>;

/**
 * Puts elements together. `firstPosition` is the position of the first, for errors: they name the element whose shape, kind or
 * parts are not those of the first.
 */
export function batchOf<T>(elements: readonly T[], firstPosition: number): Batched<T> {
  return stack(elements, { firstPosition, part: "", inTuple: false }) as Batched<T>;
}

interface Place {
  readonly firstPosition: number;
  /** Which part of the elements: `[0]`, `.images`. */
  readonly part: string;
  /** Whether it is a part of an array: there, arrays are numbers. */
  readonly inTuple: boolean;
}

function stack(elements: readonly unknown[], place: Place): unknown {
  const [first] = elements;
  if (typeof first === "number" || typeof first === "boolean") {
    return stackNumbers(elements, place);
  }
  if (isTensor(first) || ArrayBuffer.isView(first)) {
    return stackTensors(elements as readonly (Tensor | TensorData)[], place);
  }
  if (Array.isArray(first)) {
    return place.inTuple
      ? stackTensors(
          elements.map((element, index) => nestedTensor(element, index, place)),
          place,
        )
      : stackParts(elements as readonly object[], place);
  }
  return typeof first === "object" && first !== null ? stackParts(elements as readonly object[], place) : [...elements];
}

function stackNumbers(elements: readonly unknown[], place: Place): Tensor<Float32Array> {
  const data = Float32Array.from(elements, (element, index) => {
    if (typeof element !== "number" && typeof element !== "boolean") {
      throw differs(place, index, describe(element), "a number");
    }
    return Number(element);
  });
  return { data, shape: [data.length] };
}

function stackTensors(elements: readonly (Tensor | TensorData)[], place: Place): Tensor {
  const [first] = elements.map(asTensor);
  const { data: kind, shape, scale } = first as Tensor;
  const size = shape.reduce((product, length) => product * length, 1);
  const data = new (kind.constructor as new (length: number) => TensorData)(elements.length * size);
  elements.forEach((element, index) => {
    const tensor = isTensor(element) || ArrayBuffer.isView(element) ? asTensor(element) : undefined;
    if (tensor === undefined) {
      throw differs(place, index, describe(element), "a tensor");
    }
    if (!sameSizes(tensor.shape, shape)) {
      throw differs(place, index, `shape ${formatShape(tensor.shape)}`, `shape ${formatShape(shape)}`);
    }
    if (tensor.data.length !== size) {
      const where = `element ${place.firstPosition + index}${place.part}`;
      throw new ElementError(
        `dataset: ${where} holds ${tensor.data.length} numbers, its shape ${formatShape(shape)} needs ${size}`,
      );
    }
    if (tensor.data.constructor !== kind.constructor) {
      throw differs(place, index, `a ${tensor.data.constructor.name}`, `a ${kind.constructor.name}`);
    }
    if (tensor.scale !== scale) {
      throw differs(place, index, `scale ${tensor.scale ?? 1}`, `scale ${scale ?? 1}`);
    }
    data.set(tensor.data, index * size);
  });
  return { data, shape: [elements.length, ...shape], ...(scale === undefined ? {} : { scale }) };
}

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function asTensor(value: Tensor | TensorData): Tensor {
  return isTensor(value) ? (value as Tensor) : { data: value as TensorData, shape: [(value as TensorData).length] };
}

function nestedTensor(element: unknown, index: number, { firstPosition, part }: Place): Tensor {
  try {
    return toTensor(`the part ${part}`, element as NestedNumbers);
  } catch (error) {
    throw failedAt("batch", firstPosition + index, error);
  }
}

/** Arrays and objects: part by part. */
function stackParts(elements: readonly object[], place: Place): unknown {
  const [first] = elements;
  const isTuple = Array.isArray(first);
  const keys = Object.keys(first as object);
  elements.forEach((element, index) => {
    const own = typeof element === "object" && element !== null ? Object.keys(element) : undefined;
    if (own === undefined || Array.isArray(element) !== isTuple || own.join() !== keys.join()) {
      const parts = (names: readonly string[]): string =>
        isTuple ? `${names.length} parts` : `the parts ${names.join(", ") || "none"}`;
      throw differs(place, index, own === undefined ? describe(element) : parts(own), parts(keys));
    }
  });
  const stacked = keys.map((key): [string, unknown] => {
    const part = `${place.part}${isTuple ? `[${key}]` : `.${key}`}`;
    const values = elements.map((element) => (element as Readonly<Record<string, unknown>>)[key]);
    return [key, stack(values, { ...place, part, inTuple: true })];
  });
  return isTuple ? stacked.map(([, value]) => value) : Object.fromEntries(stacked);
}

function differs({ firstPosition, part }: Place, index: number, found: string, expected: string): ElementError {
  return new ElementError(
    `dataset: element ${firstPosition + index}${part} has ${found}, element ${firstPosition}${part} has ${expected}; ` +
      "the elements of a batch must be alike",
  );
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
