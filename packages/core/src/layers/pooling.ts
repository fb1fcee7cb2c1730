import { expectCount } from "../checkOption.js";
import { lookUp } from "../names.js";
import type { Value } from "../ops/definition.js";
import { type PaddingName, resolvePadding, spatial } from "../ops/window.js";
import type { Graph } from "../plan/index.js";
import { commonFields, type LayerDefinition, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { expectImages, expectSequences, layerOptions, type Pair, paddings, toPair } from "./options.js";
import { reshaped } from "./slices.js";

type PoolingOp = "maxPool2d" | "averagePool2d";
type Names = Pick<LayerDefinition, "className" | "defaultName">;

export interface Pooling2dOptions extends LayerOptions {
  /** Window size; default 2. */
  readonly poolSize?: Pair;
  /** Default: the window size. */
  readonly strides?: Pair;
  /** "valid" (default) or "same". */
  readonly padding?: PaddingName;
}

function pooling2d(op: PoolingOp, names: Names, label: string, options: Pooling2dOptions): Layer {
  layerOptions(label, options, ["poolSize", "strides", "padding"]);
  const poolSize = toPair(`${label}: poolSize`, options.poolSize ?? 2);
  const strides = toPair(`${label}: strides`, options.strides ?? poolSize);
  const padding = lookUp("padding", options.padding ?? "valid", paddings);
  return defineLayer({
    ...names,
    ...commonFields(options),
    config: { poolSize, strides, padding },
    parameters: () => [],
    apply({ graph, input }) {
      expectImages(label, input.shape.slice(1));
      const resolved = resolvePadding(padding, spatial(input.shape), poolSize, strides);
      return graph.apply(op, [input], { poolSize, strides, padding: resolved, dilation: [1, 1] })[0]!;
    },
  });
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

export interface Pooling1dOptions extends LayerOptions {
  /** Window size; default 2. */
  readonly poolSize?: number;
  /** Default: the window size. */
  readonly strides?: number;
  /** "valid" (default) or "same". */
  readonly padding?: PaddingName;
}

/** Pooling of sequences as that of images of height 1. */
function pooling1d(op: PoolingOp, names: Names, label: string, options: Pooling1dOptions): Layer {
  layerOptions(label, options, ["poolSize", "strides", "padding"]);
  const size = expectCount(`${label}: poolSize`, options.poolSize ?? 2);
  const stride = expectCount(`${label}: strides`, options.strides ?? size);
  const padding = lookUp("padding", options.padding ?? "valid", paddings);
  const [poolSize, strides] = [
    [1, size],
    [1, stride],
  ] as const;
  return defineLayer({
    ...names,
    ...commonFields(options),
    config: { poolSize: size, strides: stride, padding },
    parameters: () => [],
    apply({ graph, input }) {
      expectSequences(label, input.shape.slice(1));
      const [samples, length, channels] = input.shape as [number, number, number];
      const images = reshaped(graph, input, [samples, 1, length, channels]);
      const resolved = resolvePadding(padding, [1, length], poolSize, strides);
      const [pooled] = graph.apply(op, [images], { poolSize, strides, padding: resolved, dilation: [1, 1] });
      return reshaped(graph, pooled!, [samples, pooled!.shape[2]!, channels]);
    },
  });
}

/** Largest number of each window: [N,L,C] to [N,OL,C]. Keras' `MaxPooling1D`. Throws like `conv1d`. */
export function maxPooling1d(options: Pooling1dOptions = {}): Layer {
  const names = { className: "MaxPooling1D", defaultName: "max_pooling1d" };
  return pooling1d("maxPool2d", names, "maxPooling1d", options);
}

/** Mean of each window, padding not counted: [N,L,C] to [N,OL,C]. Keras' `AveragePooling1D`. Throws like `conv1d`. */
export function averagePooling1d(options: Pooling1dOptions = {}): Layer {
  const names = { className: "AveragePooling1D", defaultName: "average_pooling1d" };
  return pooling1d("averagePool2d", names, "averagePooling1d", options);
}

export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the output keeps its spatial axes, of size 1; default false. */
  readonly keepDims?: boolean;
}

/** One window over the whole image. */
function poolAll(graph: Graph, op: PoolingOp, images: Value): Value {
  const poolSize = spatial(images.shape);
  const attributes = { poolSize, strides: poolSize, padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
  return graph.apply(op, [images], attributes)[0]!;
}

function globalPooling2d(op: PoolingOp, names: Names, label: string, options: GlobalPoolingOptions): Layer {
  const { keepDims = false } = layerOptions(label, options, ["keepDims"]);
  return defineLayer({
    ...names,
    ...commonFields(options),
    config: { keepDims },
    parameters: () => [],
    apply({ graph, input }) {
      expectImages(label, input.shape.slice(1));
      const pooled = poolAll(graph, op, input);
      return keepDims ? pooled : reshaped(graph, pooled, [input.shape[0]!, input.shape[3]!]);
    },
  });
}

/** Mean over height and width: [N,H,W,C] to [N,C]. Keras' `GlobalAveragePooling2D`. */
export function globalAveragePooling2d(options: GlobalPoolingOptions = {}): Layer {
  const names = { className: "GlobalAveragePooling2D", defaultName: "global_average_pooling2d" };
  return globalPooling2d("averagePool2d", names, "globalAveragePooling2d", options);
}

/** Largest number over height and width: [N,H,W,C] to [N,C]. Keras' `GlobalMaxPooling2D`. */
export function globalMaxPooling2d(options: GlobalPoolingOptions = {}): Layer {
  const names = { className: "GlobalMaxPooling2D", defaultName: "global_max_pooling2d" };
  return globalPooling2d("maxPool2d", names, "globalMaxPooling2d", options);
}

function globalPooling1d(op: PoolingOp, names: Names, label: string, options: GlobalPoolingOptions): Layer {
  const { keepDims = false } = layerOptions(label, options, ["keepDims"]);
  return defineLayer({
    ...names,
    ...commonFields(options),
    config: { keepDims },
    parameters: () => [],
    apply({ graph, input }) {
      expectSequences(label, input.shape.slice(1));
      const [samples, length, channels] = input.shape as [number, number, number];
      const pooled = poolAll(graph, op, reshaped(graph, input, [samples, 1, length, channels]));
      return reshaped(graph, pooled, keepDims ? [samples, 1, channels] : [samples, channels]);
    },
  });
}

/** Mean over the sequence: [N,L,C] to [N,C]. Keras' `GlobalAveragePooling1D`. */
export function globalAveragePooling1d(options: GlobalPoolingOptions = {}): Layer {
  const names = { className: "GlobalAveragePooling1D", defaultName: "global_average_pooling1d" };
  return globalPooling1d("averagePool2d", names, "globalAveragePooling1d", options);
}

/** Largest number over the sequence: [N,L,C] to [N,C]. Keras' `GlobalMaxPooling1D`. */
export function globalMaxPooling1d(options: GlobalPoolingOptions = {}): Layer {
  const names = { className: "GlobalMaxPooling1D", defaultName: "global_max_pooling1d" };
  return globalPooling1d("maxPool2d", names, "globalMaxPooling1d", options);
}
