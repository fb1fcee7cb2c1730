import { expectCount } from "../checkOption.js";
import type { Initializer, InitializerName } from "../initializers/index.js";
import { lookUp } from "../names.js";
import { type PaddingName, resolvePadding, spatial } from "../ops/window.js";
import { commonFields } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import {
  type BiasOptions,
  biasAndActivation,
  biasOptions,
  type ConstraintOption,
  type RegularizerOption,
  weight,
} from "./linear.js";
import { expectImages, layerOptions, type Pair, paddings, toPair } from "./options.js";

/** Settings of `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions extends BiasOptions {
  /** Kernel size. */
  readonly kernelSize: Pair;
  /** Default 1. */
  readonly strides?: Pair;
  /** "valid" (default) or "same". */
  readonly padding?: PaddingName;
  /** Output channels for each input channel; default 1. */
  readonly depthMultiplier?: number;
  /** Default 1. */
  readonly dilationRate?: Pair;
  /** Default "glorotUniform". */
  readonly depthwiseInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly depthwiseRegularizer?: RegularizerOption;
  /** Default none. */
  readonly depthwiseConstraint?: ConstraintOption;
}

const own = [
  ...["kernelSize", "strides", "padding", "depthMultiplier", "dilationRate", "depthwiseInitializer"],
  ...["depthwiseRegularizer", "depthwiseConstraint", ...biasOptions],
];

/** What both depthwise layers make of their options. */
function depthwise(label: string, weightName: string, options: DepthwiseConv2dOptions) {
  const kernelSize = toPair(`${label}: kernelSize`, options.kernelSize);
  const strides = toPair(`${label}: strides`, options.strides ?? 1);
  const dilation = toPair(`${label}: dilationRate`, options.dilationRate ?? 1);
  const multiplier = expectCount(`${label}: depthMultiplier`, options.depthMultiplier ?? 1);
  const padding = lookUp("padding", options.padding ?? "valid", paddings);
  const kernel = weight(weightName, {
    initializer: options.depthwiseInitializer,
    regularizer: options.depthwiseRegularizer,
    constraint: options.depthwiseConstraint,
  });
  return { kernelSize, strides, dilation, multiplier, padding, kernel };
}

/**
 * Convolution of each channel with kernels of its own: [N,H,W,C] to [N,OH,OW,C*depthMultiplier]. Kernel
 * [KH,KW,C,depthMultiplier], bias [C*depthMultiplier]. Keras' `DepthwiseConv2D`. Throws like `conv2d`.
 */
export function depthwiseConv2d(options: DepthwiseConv2dOptions): Layer {
  layerOptions("depthwiseConv2d", options, own, ["kernelSize"]);
  const { kernelSize, strides, dilation, multiplier, padding, kernel } = depthwise(
    "depthwiseConv2d",
    "kernel",
    options,
  );
  const after = biasAndActivation(options);
  return defineLayer({
    className: "DepthwiseConv2D",
    defaultName: "depthwise_conv2d",
    ...commonFields(options),
    get config() {
      return {
        kernelSize,
        strides,
        padding,
        depthMultiplier: multiplier,
        dilationRate: dilation,
        ...kernel.config("depthwise"),
        ...after.config,
      };
    },
    parameters(inputShape) {
      expectImages("depthwiseConv2d", inputShape);
      const channels = inputShape[2] as number;
      return [kernel([...kernelSize, channels, multiplier]), ...after.parameters(channels * multiplier)];
    },
    apply(context) {
      const { graph, input, parameter } = context;
      const resolved = resolvePadding(padding, spatial(input.shape), kernelSize, strides, dilation);
      const window = { strides, padding: resolved, dilation };
      const [output] = graph.apply("depthwiseConv2d", [input, parameter("kernel")], window);
      return after.activate(graph, after.addBias(context, output!));
    },
  });
}

/** Settings of `separableConv2d`. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Default "glorotUniform". */
  readonly pointwiseInitializer?: InitializerName | Initializer;
  /** Default none. */
  readonly pointwiseRegularizer?: RegularizerOption;
  /** Default none. */
  readonly pointwiseConstraint?: ConstraintOption;
}

/**
 * A depthwise convolution, then one of 1x1 that mixes the channels: [N,H,W,C] to [N,OH,OW,filters]. Depthwise kernel
 * [KH,KW,C,depthMultiplier], pointwise kernel [1,1,C*depthMultiplier,filters], bias [filters]. Keras' `SeparableConv2D`. Throws
 * like `conv2d`.
 */
export function separableConv2d(options: SeparableConv2dOptions): Layer {
  const pointwiseOptions = ["pointwiseInitializer", "pointwiseRegularizer", "pointwiseConstraint"];
  layerOptions("separableConv2d", options, ["filters", ...own, ...pointwiseOptions], ["filters", "kernelSize"]);
  const filters = expectCount("separableConv2d: filters", options.filters);
  const { kernelSize, strides, dilation, multiplier, padding, kernel } = depthwise(
    "separableConv2d",
    "depthwise_kernel",
    options,
  );
  const pointwise = weight("pointwise_kernel", {
    initializer: options.pointwiseInitializer,
    regularizer: options.pointwiseRegularizer,
    constraint: options.pointwiseConstraint,
  });
  const after = biasAndActivation(options);
  return defineLayer({
    className: "SeparableConv2D",
    defaultName: "separable_conv2d",
    ...commonFields(options),
    get config() {
      return {
        filters,
        kernelSize,
        strides,
        padding,
        depthMultiplier: multiplier,
        dilationRate: dilation,
        ...kernel.config("depthwise"),
        ...pointwise.config("pointwise"),
        ...after.config,
      };
    },
    parameters(inputShape) {
      expectImages("separableConv2d", inputShape);
      const channels = inputShape[2] as number;
      return [
        kernel([...kernelSize, channels, multiplier]),
        pointwise([1, 1, channels * multiplier, filters]),
        ...after.parameters(filters),
      ];
    },
    apply(context) {
      const { graph, input, parameter } = context;
      const resolved = resolvePadding(padding, spatial(input.shape), kernelSize, strides, dilation);
      const window = { strides, padding: resolved, dilation };
      const [spread] = graph.apply("depthwiseConv2d", [input, parameter("depthwise_kernel")], window);
      const single = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
      const [mixed] = graph.apply("conv2d", [spread!, parameter("pointwise_kernel")], single);
      return after.activate(graph, after.addBias(context, mixed!));
    },
  });
}
