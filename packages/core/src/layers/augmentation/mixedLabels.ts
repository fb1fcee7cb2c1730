import { ArgumentError } from "../../errors.js";
import type { DType } from "../../ops/definition.js";
import type { Tensor } from "../../tensor.js";
import { type TensorInput, toTensor } from "../../tensorInput.js";

/** Throws `ArgumentError` for class numbers. @param path of the layer that mixes */
export function expectMixable(path: string, dtype: DType): void {
  if (dtype !== "float32") {
    throw new ArgumentError(
      `layer ${path} mixes labels, but these are class numbers, which nothing lies between; make them one-hot by ` +
        'toCategorical(labels, classes) and train with the loss "categoricalCrossentropy"',
    );
  }
}

/** What labels without a loss are: "int32" for class numbers, "float32" for what may be mixed, one-hot rows of bytes among it. */
export function kindOfLabels({ data, shape }: Tensor): DType {
  const isWhole = data instanceof Int32Array || data instanceof Uint8Array;
  return isWhole && (shape.length === 1 || shape.at(-1) === 1) ? "int32" : "float32";
}

/** Labels from what the user gave: a plain array of whole numbers, some above 1, is one of class numbers. */
export function toLabels(what: string, input: TensorInput): Tensor {
  const labels = toTensor(what, input);
  const { data, shape } = labels;
  const isPlain = Array.isArray(input) && shape.length === 1;
  const areClasses = isPlain && data.every((value) => Number.isInteger(value)) && data.some((value) => value > 1);
  return areClasses ? { data: Int32Array.from(data), shape } : labels;
}
