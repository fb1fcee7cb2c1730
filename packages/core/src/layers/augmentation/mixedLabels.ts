import { ArgumentError } from "../../errors.js";
import type { DType } from "../../ops/definition.js";

/** Throws `ArgumentError` for class numbers. @param path of the layer that mixes */
export function expectMixable(path: string, dtype: DType): void {
  if (dtype !== "float32") {
    throw new ArgumentError(
      `layer ${path} mixes labels, but these are class numbers, which nothing lies between; make them one-hot by ` +
        'toCategorical(labels, classes) and train with the loss "categoricalCrossentropy"',
    );
  }
}
