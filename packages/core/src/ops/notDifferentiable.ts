import { ArgumentError } from "../errors.js";

/** The gradient rule of an op that changes samples before anything is trained on them. Throws `ArgumentError`. */
export function notDifferentiable(op: string): () => never {
  return () => {
    throw new ArgumentError(
      `${op} has no gradient, but something trainable stands before it: put layers that augment samples before all layers ` +
        "with weights, or set trainable: false on those before them",
    );
  };
}
