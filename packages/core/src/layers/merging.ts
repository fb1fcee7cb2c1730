import { ArgumentError, formatShape, ShapeError } from "../errors.js";
import { sameShape } from "../ops/checks.js";
import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import { broadcast, broadcastShape } from "./axes.js";
import { commonFields, type LayerDefinition, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { layerOptions } from "./options.js";

type Names = Pick<LayerDefinition, "className" | "defaultName">;

/** A layer of several tensors of one shape, or of shapes that are stretched to one. */
function merging(
  label: string,
  names: Names,
  options: LayerOptions,
  merge: (graph: Graph, inputs: readonly Value[]) => Value,
  maxCount = Infinity,
): Layer {
  layerOptions(label, options);
  return defineLayer({
    ...names,
    ...commonFields(options),
    config: {},
    inputCount: [2, maxCount],
    parameters: () => [],
    apply({ graph, inputs }) {
      const samples = inputs.map(({ shape }) => shape.slice(1));
      const shape = broadcastShape(samples);
      if (shape === undefined) {
        throw new ShapeError(
          `${label} takes tensors of one shape, or with axes of size 1, got ${samples.map(formatShape).join(", ")}. Bring ` +
            "them to one shape first: by a convolution of 1x1 for other channels, by strides or pooling for other sizes",
        );
      }
      const whole = [inputs[0]!.shape[0]!, ...shape];
      return merge(
        graph,
        inputs.map((input) => broadcast(graph, input, whole)),
      );
    },
  });
}

function sum(graph: Graph, inputs: readonly Value[]): Value {
  return inputs.reduce((total, input) => graph.apply("add", [total, input], {})[0]!);
}

function scaled(graph: Graph, input: Value, scale: number): Value {
  return graph.apply("affine", [input], { scale, offset: 0 })[0]!;
}

/**
 * The sum of two or more tensors: `add()([a, b])`. Keras' `Add`. Axes of size 1 are stretched to those of the others, missing ones
 * in front count as such. Throws `ShapeError` for other unlike shapes.
 */
export function add(options: LayerOptions = {}): Layer {
  return merging("add", { className: "Add", defaultName: "add" }, options, sum);
}

/** The first of two tensors minus the second. Keras' `Subtract`. Throws like `add`. */
export function subtract(options: LayerOptions = {}): Layer {
  const names = { className: "Subtract", defaultName: "subtract" };
  return merging("subtract", names, options, (graph, [a, b]) => sum(graph, [a!, scaled(graph, b!, -1)]), 2);
}

/**
 * The product of two or more tensors, element by element and stretched as by `add`: of images and a weight a channel, say. Keras'
 * `Multiply`. Throws like `add`.
 */
export function multiply(options: LayerOptions = {}): Layer {
  return merging("multiply", { className: "Multiply", defaultName: "multiply" }, options, (graph, inputs) =>
    inputs.reduce((product, input) => graph.apply("multiply", [product, input], {})[0]!),
  );
}

/** The mean of two or more tensors. Keras' `Average`. Throws like `add`. */
export function average(options: LayerOptions = {}): Layer {
  return merging("average", { className: "Average", defaultName: "average" }, options, (graph, inputs) =>
    scaled(graph, sum(graph, inputs), 1 / inputs.length),
  );
}

function largest(graph: Graph, inputs: readonly Value[]): Value {
  return inputs.reduce((most, input) => graph.apply("maximum", [most, input], {})[0]!);
}

/** The largest of two or more tensors, element by element. Keras' `Maximum`. Throws like `add`. */
export function maximum(options: LayerOptions = {}): Layer {
  return merging("maximum", { className: "Maximum", defaultName: "maximum" }, options, largest);
}

/** The smallest of two or more tensors, element by element. Keras' `Minimum`. Throws like `add`. */
export function minimum(options: LayerOptions = {}): Layer {
  return merging("minimum", { className: "Minimum", defaultName: "minimum" }, options, (graph, inputs) => {
    const negated = inputs.map((input) => scaled(graph, input, -1));
    return scaled(graph, largest(graph, negated), -1);
  });
}

export interface ConcatenateOptions extends LayerOptions {
  /** From the end, -1 (default) for the channels; or from the front, where 0 is the batch and not allowed. */
  readonly axis?: number;
}

/**
 * Tensors one behind the other along an axis, in all others alike: `concatenate()([a, b])`. Keras' `Concatenate`. Throws
 * `ShapeError` where other axes differ, and for an axis that samples do not have.
 */
export function concatenate(options: ConcatenateOptions = {}): Layer {
  const { axis = -1 } = layerOptions("concatenate", options, ["axis"]);
  if (!Number.isInteger(axis) || axis === 0) {
    throw new ArgumentError(
      `concatenate: axis is ${axis}, expected -1 for the channels, or 1 for the first of a sample`,
    );
  }
  return defineLayer({
    className: "Concatenate",
    defaultName: "concatenate",
    ...commonFields(options),
    config: { axis },
    inputCount: [2, Infinity],
    parameters: () => [],
    apply({ graph, inputs }) {
      const samples = inputs.map(({ shape }) => shape.slice(1));
      const rank = inputs[0]!.shape.length;
      const along = axis < 0 ? rank + axis : axis;
      if (along < 1 || along >= rank) {
        throw new ShapeError(
          `concatenate: axis ${axis} is no axis of samples ${formatShape(samples[0]!)}, which have -1 to ${1 - rank}`,
        );
      }
      const others = samples.map((shape) => shape.with(along - 1, 0));
      if (samples.some((shape, index) => shape.length !== rank - 1 || !sameShape(others[index]!, others[0]!))) {
        throw new ShapeError(
          `concatenate takes samples that differ in axis ${axis} only, got ${samples.map(formatShape).join(", ")}. ` +
            "Use another axis, or bring the others to one size first",
        );
      }
      return graph.apply("concat", inputs, { axis: along })[0]!;
    },
  });
}
