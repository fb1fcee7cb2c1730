import { ArgumentError } from "../errors.js";
import type { GradientContext } from "./definition.js";

/** The gradient rule of ops that change samples before anything is trained on them. Throws `ArgumentError` that names the layer. */
export function notDifferentiable({ label }: Pick<GradientContext<never>, "label">): never {
  throw new ArgumentError(
    `layer ${label} augments samples and has no gradient, but something trainable stands before it: put layers that augment before ` +
      "all that is trained, or set trainable: false on the layers before them",
  );
}
