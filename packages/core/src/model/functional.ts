import { checkOptions } from "../checkOption.js";
import type { SymbolicTensor, SymbolicTensors } from "../layers/layer.js";
import type { Tensor } from "../tensor.js";
import type { ModelTensors } from "./declare/modelTensors.js";
import { Model } from "./model.js";

/** What a model gives for its outputs: a tensor, or as many as it has outputs, in order or by name. */
export type Predictions<Outputs> = Outputs extends SymbolicTensor
  ? Tensor<Float32Array>
  : Outputs extends readonly SymbolicTensor[]
    ? Tensor<Float32Array>[]
    : { readonly [Name in keyof Outputs]: Tensor<Float32Array> };

/** What `model` is made of. */
export interface ModelOptions<Outputs extends SymbolicTensors = SymbolicTensors> {
  /** What `input({ shape })` returned: one tensor, an array, or several by name. */
  readonly inputs: SymbolicTensors;
  /** Outputs of layers: one tensor, an array, or several by name. */
  readonly outputs: Outputs;
  /** Default "functional". */
  readonly name?: string;
  /** Seed of the first weights and, unless `fit` gets another, of order and dropout; default 0. */
  readonly seed?: number;
}

/**
 * A model of any shape without cycles: from `inputs`, which `input({ shape })` makes, to what layers called on them give.
 * Throws `ArgumentError` where an output needs an input that is not among `inputs`, or an input is not used.
 */
export function model<const Outputs extends SymbolicTensors>(
  options: ModelOptions<Outputs>,
): Model<Predictions<Outputs>> {
  const { inputs, outputs, name, seed } = checkOptions(
    "model",
    options,
    ["inputs", "outputs", "name", "seed"],
    ["inputs", "outputs"],
  );
  const tensors: ModelTensors = { inputs, outputs, declaredInputs: true };
  const made = new Model<Predictions<Outputs>>({
    className: "Functional",
    defaultName: "functional",
    name,
    seed,
    tensors: () => tensors,
  });
  // What is wrong with it is said here.
  void made.layers;
  return made;
}
