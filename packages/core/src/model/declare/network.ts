import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import type { Initializer } from "../../initializers/index.js";
import type { Layer } from "../../layers/index.js";
import { type Shape, sizeOf, type Value } from "../../ops/definition.js";
import { Graph } from "../../plan/index.js";
import { RandomStream } from "../../random/index.js";

/** A parameter of a built network. */
export interface NetworkParameter {
  /** "conv2d_1/kernel" */
  readonly path: string;
  /** Name within its layer: "kernel". */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** False for a weight that no optimizer touches, such as a moving mean. */
  readonly trainable: boolean;
}

/** A layer in its place: named, with known shapes (no batch axis). */
export interface NetworkLayer {
  readonly layer: Layer;
  readonly name: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: readonly NetworkParameter[];
  /** Its position in the model, which numbers its random streams. */
  readonly index: number;
}

/** Layers whose shapes fit, in order. */
export interface Network {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly layers: readonly NetworkLayer[];
  /** All parameters in Keras' order: by layer, kernel before bias. */
  readonly parameters: readonly NetworkParameter[];
}

/** Names the layers and works out every shape. Throws `ArgumentError` or `ShapeError` naming the layer that does not fit. */
export function buildNetwork(declared: readonly Layer[]): Network {
  const first = declared[0];
  if (first === undefined) {
    throw new ArgumentError("the model has no layers; add some before it is used");
  }
  if (first.inputShape === undefined) {
    throw new ArgumentError(
      `the first layer (${first.className}) has no inputShape; give one, such as inputShape: [28, 28, 1], ` +
        "or start with layers.input({ shape })",
    );
  }
  const names = nameLayers(declared);
  const layers: NetworkLayer[] = [];
  let shape: Shape = first.inputShape.map((size) => checkedSize(size, first));
  declared.forEach((layer, index) => {
    const name = names[index]!;
    if (index > 0 && layer.inputShape !== undefined && formatShape(layer.inputShape) !== formatShape(shape)) {
      throw new ShapeError(
        `layer ${name}: its inputShape is ${formatShape(layer.inputShape)}, but the layer before gives ${formatShape(shape)}`,
      );
    }
    const built = buildLayer(layer, name, shape, index);
    layers.push(built);
    shape = built.outputShape;
  });
  return {
    inputShape: layers[0]!.inputShape,
    outputShape: shape,
    layers,
    parameters: layers.flatMap(({ parameters }) => parameters),
  };
}

function checkedSize(size: number, { className }: Layer): number {
  if (!Number.isInteger(size) || size < 1) {
    throw new ArgumentError(`${className}: inputShape holds ${size}, expected integers of at least 1`);
  }
  return size;
}

/** Keras' names, counted within the model: conv2d, conv2d_1. */
function nameLayers(declared: readonly Layer[]): string[] {
  const counts = new Map<string, number>();
  const names = declared.map((layer) => {
    if (layer.name !== undefined) {
      return layer.name;
    }
    const count = counts.get(layer.defaultName) ?? 0;
    counts.set(layer.defaultName, count + 1);
    return count === 0 ? layer.defaultName : `${layer.defaultName}_${count}`;
  });
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ArgumentError(`two layers are named "${twice}"; give one of them another name`);
  }
  return names;
}

/** The output shape comes from applying the layer to one sample of a scratch graph: only the ops know shape rules. */
function buildLayer(layer: Layer, name: string, inputShape: Shape, index: number): NetworkLayer {
  try {
    const parameters = layer
      .parameters(inputShape)
      .map((spec) => ({ ...spec, trainable: spec.trainable ?? true, path: `${name}/${spec.name}` }));
    const graph = new Graph();
    graph.declareBuffer("input", { dtype: "float32", length: sizeOf(inputShape) });
    const input = graph.place("input", { shape: [1, ...inputShape], dtype: "float32" }, "input");
    const parameter = (wanted: string): Value => {
      const { path, shape } = parameters.find((candidate) => candidate.name === wanted)!;
      graph.declareBuffer(path, { dtype: "float32", length: sizeOf(shape) });
      return graph.place(path, { shape, dtype: "float32" }, path);
    };
    const output = layer.apply({ graph, input, parameter, training: false, frozen: false, instance: index });
    return { layer, name, inputShape, outputShape: output.shape.slice(1), parameters, index };
  } catch (error) {
    if (error instanceof ShapeError) {
      throw new ShapeError(
        `layer ${name} (${layer.className}) on samples ${formatShape(inputShape)}: ${error.message}`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** First values of every parameter, each from a stream of its own: the same on every machine and backend. */
export function drawParameters(network: Network, seed: number): Float32Array[] {
  return network.parameters.map(({ initializer, shape }, instance) =>
    initializer.draw(shape, new RandomStream(seed, "initializer", instance)),
  );
}
