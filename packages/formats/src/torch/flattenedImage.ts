import { type Layer, Model, StateError, type SymbolicTensor } from "@convoy/core";

/** Layers that leave each number in its place. */
const inPlace = new Set([
  ...[
    "Activation",
    "ReLU",
    "LeakyReLU",
    "PReLU",
    "ELU",
    "Silu",
    "Softplus",
    "Softsign",
    "HardSigmoid",
    "HardSilu",
    "Gelu",
  ],
  ...[
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "ActivityRegularization",
    "BatchNormalization",
    "LayerNormalization",
  ],
  ...["Rescaling", "Normalization"],
]);

/**
 * [H,W,C] where a layer reads images that were laid out as rows: PyTorch has these numbers in the order of [C,H,W]. Undefined
 * where there is one order only.
 */
export function flattenedImage(layer: Layer): readonly [number, number, number] | undefined {
  let source: SymbolicTensor | readonly SymbolicTensor[];
  try {
    source = layer.input;
  } catch (error) {
    if (error instanceof StateError) {
      // A layer that is called several times reads rows of its own making.
      return undefined;
    }
    throw error;
  }
  return "shape" in source ? imageBehind(source) : undefined;
}

function imageBehind(tensor: SymbolicTensor): readonly [number, number, number] | undefined {
  const { layer, inputs } = tensor.call;
  const [input] = inputs;
  if (layer instanceof Model) {
    return imageBehind(layer.outputs[tensor.index]!);
  }
  if (input === undefined || tensor.shape.length !== 1) {
    return undefined;
  }
  if ((layer.className === "Flatten" || layer.className === "Reshape") && input.shape.length === 3) {
    const [height, width, channels] = input.shape as [number, number, number];
    return height * width === 1 || channels === 1 ? undefined : [height, width, channels];
  }
  return inPlace.has(layer.className) ? imageBehind(input) : undefined;
}
