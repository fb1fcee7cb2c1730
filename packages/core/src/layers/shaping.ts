import { ArgumentError, formatShape, ShapeError } from "../errors.js";
import { type Shape, sizeOf } from "../ops/definition.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { layerOptions } from "./options.js";

/** One row per sample: [N,...] to [N, product]. Keras' `Flatten`. */
export function flatten(options: LayerOptions = {}): Layer {
  layerOptions("flatten", options);
  return defineLayer({
    className: "Flatten",
    defaultName: "flatten",
    ...commonFields(options),
    config: {},
    parameters: () => [],
    apply({ graph, input }) {
      const [samples, ...rest] = input.shape as [number, ...number[]];
      return graph.apply("reshape", [input], { shape: [samples, sizeOf(rest)] })[0]!;
    },
  });
}

export interface ReshapeOptions extends LayerOptions {
  /** Shape of one sample; one size may be -1 and is worked out. */
  readonly targetShape: Shape;
}

/** The same numbers under another sample shape. Keras' `Reshape`. Throws `ShapeError` where the sizes do not fit. */
export function reshape(options: ReshapeOptions): Layer {
  const { targetShape } = layerOptions("reshape", options, ["targetShape"], ["targetShape"]);
  if (targetShape.filter((size) => size === -1).length > 1 || targetShape.some((size) => size < -1 || size === 0)) {
    throw new ArgumentError(
      `reshape: targetShape is ${formatShape(targetShape)}, expected sizes of at least 1, at most one of them -1`,
    );
  }
  return defineLayer({
    className: "Reshape",
    defaultName: "reshape",
    ...commonFields(options),
    config: { targetShape },
    parameters: () => [],
    apply({ graph, input }) {
      const [samples, ...rest] = input.shape as [number, ...number[]];
      const known = targetShape.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
      const resolved = targetShape.map((size) => (size === -1 ? sizeOf(rest) / known : size));
      if (sizeOf(resolved) !== sizeOf(rest) || !resolved.every(Number.isInteger)) {
        throw new ShapeError(
          `reshape: samples ${formatShape(rest)} have ${sizeOf(rest)} numbers, which do not fit ${formatShape(targetShape)}`,
        );
      }
      return graph.apply("reshape", [input], { shape: [samples, ...resolved] })[0]!;
    },
  });
}
