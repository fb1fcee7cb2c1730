import {
  ArgumentError,
  type Backend,
  type Layer,
  type Model,
  type ModelData,
  model as makeModel,
  input as newInput,
  StateError,
  type SymbolicTensor,
  type Tensor,
} from "@convoy/core";

/** Settings of `extractFeatures`. */
export interface ExtractFeaturesOptions {
  /** Where the frozen part runs. */
  readonly backend: Backend;
  /** Images at once; default 256, as in `predict`. */
  readonly batchSize?: number;
}

/** Layers whose result differs from one step of training to the next. */
const random = new Set(["Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"]);

/** What the frozen part of a model gives, to train the rest on. */
export interface Features {
  /** [N, ...], one for each sample. */
  readonly features: Tensor<Float32Array>;
  /** The rest of the model, which takes them. Training it trains the layers of the whole model. */
  readonly head: Model;
}

/**
 * Computes what a frozen base gives for samples once, and gives the head that is trained on it: a model that starts with frozen layers
 * computes the same numbers in each epoch otherwise. The base ends where the first layer comes that trains. `head` shares its layers with the whole model, which predicts with what was learnt. Throws `ArgumentError` where a layer
 * before that end trains, or acts at random in training.
 *
 * ```ts
 * const { features, head } = await extractFeatures(whole, images, { backend });
 * head.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
 * await head.fit(features, labels);
 * ```
 */
export async function extractFeatures(
  model: Model,
  x: ModelData,
  { backend, batchSize }: ExtractFeaturesOptions,
): Promise<Features> {
  // First weights are drawn from the seed of the model that was built first.
  model.summary(() => undefined);
  const layers = model.layers;
  const [only, ...more] = model.inputs;
  if (only === undefined || more.length > 0 || model.outputs.length > 1) {
    throw new ArgumentError("extractFeatures takes a model of one input and one output");
  }
  const first = layers.findIndex((layer) => trains(layer));
  const end = first < 0 ? layers.length : first;
  const base = layers.slice(0, end).filter((layer) => layer.className !== "InputLayer");
  const last = base.at(-1);
  if (last === undefined || end === layers.length) {
    throw new ArgumentError(
      end === layers.length
        ? "extractFeatures: no layer of the model trains, so there is no head; use predict"
        : "extractFeatures: the first layer trains already; freeze the base: base.trainable = false",
    );
  }
  const noisy = base.find((layer) => isRandom(layer));
  if (noisy !== undefined) {
    throw new ArgumentError(
      `extractFeatures: layer ${noisy.label} (${noisy.className}) acts at random in training before the first layer that trains, so the ` +
        "base gives other numbers in each epoch. Put it behind the base, or train the whole model",
    );
  }
  const cut = givenBy(last, model.outputs[0]!);
  const head = headBehind(layers.slice(end), cut, model.outputs[0]!);
  const frozen = makeModel({ inputs: only, outputs: cut, name: "frozen_base" });
  frozen.compile({ backend });
  try {
    const features = await frozen.predict(x, batchSize === undefined ? {} : { batchSize });
    return { features, head };
  } finally {
    frozen.dispose();
  }
}

/** What a layer of a model gives, found from the model's output: layers may be in other models as well. */
function givenBy(layer: Layer, output: SymbolicTensor): SymbolicTensor {
  const seen = new Set<SymbolicTensor>();
  const waiting = [output];
  for (let tensor = waiting.pop(); tensor !== undefined; tensor = waiting.pop()) {
    if (tensor.call.layer === layer) {
      return tensor;
    }
    if (!seen.has(tensor)) {
      seen.add(tensor);
      waiting.push(...tensor.call.inputs);
    }
  }
  throw new StateError(`extractFeatures: nothing that the model gives depends on layer ${layer.label}`);
}

function inner(layer: Layer): readonly Layer[] | undefined {
  return "layers" in layer ? (layer as Model).layers : undefined;
}

function trains(layer: Layer): boolean {
  const within = inner(layer);
  return within === undefined
    ? layer.trainable && (layer.weights?.parameters.length ?? 0) > 0
    : within.some((part) => trains(part));
}

function isRandom(layer: Layer): boolean {
  return inner(layer)?.some((part) => isRandom(part)) ?? random.has(layer.className);
}

/** The layers behind the cut called on a new input. */
function headBehind(layers: readonly Layer[], cut: SymbolicTensor, output: SymbolicTensor): Model {
  const start = inputOf(cut);
  const known = new Map<SymbolicTensor, SymbolicTensor>([[cut, start]]);
  const through = (tensor: SymbolicTensor): SymbolicTensor => {
    const found = known.get(tensor);
    if (found !== undefined) {
      return found;
    }
    const { layer, inputs } = tensor.call;
    if (inputs.length === 0 || !layers.includes(layer)) {
      throw new ArgumentError(
        `extractFeatures: layer ${layer.label} is read behind the frozen base, but lies before its end; the base must end in one tensor`,
      );
    }
    const outputs = layer.connect(inputs.map(through));
    tensor.call.outputs.forEach((given, index) => {
      known.set(given, outputs[index]!);
    });
    return known.get(tensor)!;
  };
  return makeModel({ inputs: start, outputs: through(output), name: "head" });
}

function inputOf({ shape }: SymbolicTensor): SymbolicTensor {
  if (shape.length === 0) {
    throw new StateError("extractFeatures: the base gives single numbers");
  }
  return newInput({ shape, name: "features" });
}
