import { expectCount } from "../checkOption.js";
import { formatShape, ShapeError } from "../errors.js";
import { type Initializer, type InitializerName, resolveInitializer } from "../initializers/index.js";
import { lookUp } from "../names.js";
import { type PaddingName, resolvePadding, spatial } from "../ops/window.js";
import { type Activation, resolveActivation } from "./activationFunction.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { type Pair, toPair } from "./options.js";

export interface Conv2dOptions extends LayerOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Kernel size. */
  readonly kernelSize: Pair;
  /** Default 1. */
  readonly strides?: Pair;
  /** "valid" (default) or "same". */
  readonly padding?: PaddingName;
  /** Default 1. */
  readonly dilationRate?: Pair;
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "glorotUniform". */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerName | Initializer;
}

/** Both paddings by name, for looking up options. */
export const paddings: { readonly [N in PaddingName]: N } = { valid: "valid", same: "same" };

/**
 * Convolution of images [N,H,W,C] with `filters` kernels: output [N,OH,OW,filters]. Kernel [KH,KW,C,filters], bias [filters].
 * Names, defaults and padding are those of Keras' `Conv2D`.
 * Throws `ArgumentError` for sizes below 1 or unknown names, and `ShapeError` when built on an input that does not fit.
 */
export function conv2d(options: Conv2dOptions): Layer {
  const filters = expectCount("conv2d: filters", options.filters);
  const kernelSize = toPair("conv2d: kernelSize", options.kernelSize);
  const strides = toPair("conv2d: strides", options.strides ?? 1);
  const dilation = toPair("conv2d: dilationRate", options.dilationRate ?? 1);
  const padding = lookUp("padding", options.padding ?? "valid", paddings);
  const activate = resolveActivation(options.activation ?? "linear");
  const useBias = options.useBias ?? true;
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  return defineLayer({
    className: "Conv2D",
    defaultName: "conv2d",
    ...commonFields(options),
    parameters(inputShape) {
      if (inputShape.length !== 3) {
        throw new ShapeError(`conv2d expects samples [H,W,C], got ${formatShape(inputShape)}`);
      }
      const kernel = {
        name: "kernel",
        shape: [...kernelSize, inputShape[2] as number, filters],
        initializer: kernelInitializer,
      };
      return useBias ? [kernel, { name: "bias", shape: [filters], initializer: biasInitializer }] : [kernel];
    },
    apply({ graph, input, parameter }) {
      const attributes = {
        strides,
        padding: resolvePadding(padding, spatial(input.shape), kernelSize, strides, dilation),
        dilation,
      };
      let [output] = graph.apply("conv2d", [input, parameter("kernel")], attributes);
      if (useBias) {
        [output] = graph.apply("biasAdd", [output!, parameter("bias")], {});
      }
      return activate(graph, output!);
    },
  });
}
