import { checkOptions } from "../checkOption.js";
import type { Config } from "../config.js";
import { ArgumentError } from "../errors.js";
import type { Shape } from "../ops/definition.js";
import { Layer, type SymbolicTensor } from "./layer.js";

/** Settings of `input`. */
export interface InputOptions {
  /** Shape of one sample: [28, 28, 1]. */
  readonly shape: Shape;
  /** Default "input_layer", numbered within the model. */
  readonly name?: string;
}

/** Where samples come in. */
export class InputLayer extends Layer {
  constructor({ shape, name }: InputOptions) {
    super({
      className: "InputLayer",
      defaultName: "input_layer",
      name,
      inputShape: checkedShape("InputLayer: inputShape", shape),
      parameters: () => [],
      apply: ({ input }) => input,
    });
  }

  override get config(): Config {
    return { shape: this.inputShape!, ...(this.name === undefined ? {} : { name: this.name }) };
  }

  /** The tensor of the samples. */
  source(): SymbolicTensor {
    return this.record([], [this.inputShape!])[0]!;
  }
}

/** Throws unless all sizes are. */
export function checkedShape(what: string, shape: Shape): Shape {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 1) {
      throw new ArgumentError(`${what} holds ${size}, expected integers of at least 1`);
    }
  }
  return [...shape];
}

/** Says what a `sequential` model's samples look like, as its first layer. Not listed in the summary. */
export function input(options: InputOptions): Layer {
  return new InputLayer(checkOptions("input", options, ["shape", "name"], ["shape"]));
}

/** The samples that a model takes, as a tensor to call layers on: the inputs of `model`. Keras' `Input`. */
export function inputTensor(options: InputOptions): SymbolicTensor {
  return new InputLayer(checkOptions("input", options, ["shape", "name"], ["shape"])).source();
}
