import { formatShape, ShapeError } from "../errors.js";
import { lookUp } from "../names.js";
import type { Value } from "../ops/definition.js";
import { type PaddingName, resolvePadding, spatial } from "../ops/window.js";
import { paddings } from "./conv2d.js";
import { commonFields, type LayerContext, type LayerDefinition, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { type Pair, toPair } from "./options.js";

export interface Pooling2dOptions extends LayerOptions {
  /** Window size; default 2. */
  readonly poolSize?: Pair;
  /** Default: the window size. */
  readonly strides?: Pair;
  /** "valid" (default) or "same". */
  readonly padding?: PaddingName;
}

function pooling2d(
  op: "maxPool2d" | "averagePool2d",
  names: Pick<LayerDefinition, "className" | "defaultName">,
  label: string,
  options: Pooling2dOptions,
): Layer {
  const poolSize = toPair(`${label}: poolSize`, options.poolSize ?? 2);
  const strides = toPair(`${label}: strides`, options.strides ?? poolSize);
  const padding = lookUp("padding", options.padding ?? "valid", paddings);
  return defineLayer({
    ...names,
    ...commonFields(options),
    parameters: () => [],
    apply({ graph, input }) {
      expectImages(label, input);
      const resolved = resolvePadding(padding, spatial(input.shape), poolSize, strides);
      return graph.apply(op, [input], { poolSize, strides, padding: resolved, dilation: [1, 1] })[0]!;
    },
  });
}

function expectImages(label: string, input: Value): void {
  if (input.shape.length !== 4) {
    throw new ShapeError(`${label} expects samples [H,W,C], got ${formatShape(input.shape.slice(1))}`);
  }
}

/** Largest number of each window: [N,H,W,C] to [N,OH,OW,C]. Keras' `MaxPooling2D`. Throws like `conv2d`. */
export function maxPooling2d(options: Pooling2dOptions = {}): Layer {
  const names = { className: "MaxPooling2D", defaultName: "max_pooling2d" };
  return pooling2d("maxPool2d", names, "maxPooling2d", options);
}

/** Mean of each window, padding not counted: [N,H,W,C] to [N,OH,OW,C]. Keras' `AveragePooling2D`. Throws like `conv2d`. */
export function averagePooling2d(options: Pooling2dOptions = {}): Layer {
  const names = { className: "AveragePooling2D", defaultName: "average_pooling2d" };
  return pooling2d("averagePool2d", names, "averagePooling2d", options);
}

export interface GlobalAveragePooling2dOptions extends LayerOptions {
  /** Whether the output keeps its spatial axes, [N,1,1,C]; default false. */
  readonly keepDims?: boolean;
}

/** Mean over height and width: [N,H,W,C] to [N,C]. Keras' `GlobalAveragePooling2D`. */
export function globalAveragePooling2d(options: GlobalAveragePooling2dOptions = {}): Layer {
  return defineLayer({
    className: "GlobalAveragePooling2D",
    defaultName: "global_average_pooling2d",
    ...commonFields(options),
    parameters: () => [],
    apply({ graph, input }: LayerContext) {
      expectImages("globalAveragePooling2d", input);
      const poolSize = spatial(input.shape);
      const attributes = { poolSize, strides: poolSize, padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
      const [pooled] = graph.apply("averagePool2d", [input], attributes);
      const shape = [input.shape[0] as number, input.shape[3] as number];
      return options.keepDims ? pooled! : graph.apply("reshape", [pooled!], { shape })[0]!;
    },
  });
}
