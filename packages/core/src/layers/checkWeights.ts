import { formatShape, ShapeError } from "../errors.js";
import { sameShape } from "../ops/checks.js";
import type { Shape } from "../ops/definition.js";
import { type TensorInput, toTensor } from "../tensorInput.js";

/** Weights that fit the parameters, copied. Throws `ShapeError` where number or shapes differ. */
export function checkWeights(
  parameters: readonly { readonly path: string; readonly shape: Shape }[],
  weights: readonly TensorInput[],
  owner = "the model",
): Float32Array[] {
  if (weights.length !== parameters.length) {
    throw new ShapeError(
      `setWeights: got ${weights.length} arrays, ${owner} has ${parameters.length} parameters ` +
        `(${parameters.map(({ path }) => path).join(", ")})`,
    );
  }
  return parameters.map(({ path, shape }, index) => {
    const tensor = toTensor(`setWeights: ${path}`, weights[index]!);
    if (!sameShape(tensor.shape, shape)) {
      throw new ShapeError(`setWeights: ${path} has shape ${formatShape(shape)}, got ${formatShape(tensor.shape)}`);
    }
    const { data, scale } = tensor;
    return scale === undefined ? new Float32Array(data) : Float32Array.from(data, (value) => value * scale);
  });
}
