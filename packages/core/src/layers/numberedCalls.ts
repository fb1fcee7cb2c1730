import type { Shape } from "../ops/definition.js";
import type { Layer } from "./layer.js";

/** A layer that runs, between tensors by their numbers. */
export interface NumberedCall {
  readonly layer: {
    readonly layer: Layer;
    readonly name: string;
    /** Name with those of the models around it in front. */
    readonly path: string;
  };
  /** Numbers its random streams. */
  readonly instance: number;
  readonly inputs: readonly number[];
  readonly output: number;
}

/** Layers in the order in which they run, and the tensors that go in and come out. */
export interface NumberedCalls {
  readonly inputs: readonly { readonly tensor: number; readonly shape: Shape }[];
  readonly outputs: readonly { readonly tensor: number }[];
  readonly calls: readonly NumberedCall[];
}
