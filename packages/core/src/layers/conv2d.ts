import { expectCount } from "../checkOption.js";
import { ShapeError } from "../errors.js";
import { lookUp } from "../names.js";
import type { Value } from "../ops/definition.js";
import { type PaddingName, resolvePadding, spatial } from "../ops/window.js";
import type { Graph } from "../plan/index.js";
import { commonFields } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { biasAndActivation, kernelWeight, type LinearOptions, linearOptions } from "./linear.js";
import { expectImages, layerOptions, type Pair, paddings, toPair } from "./options.js";
import { channels } from "./slices.js";

/** Settings of `conv2d`. */
export interface Conv2dOptions extends LinearOptions {
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
  /** Into how many groups the channels are divided, each with filters of its own; default 1. */
  readonly groups?: number;
}

const own = ["filters", "kernelSize", "strides", "padding", "dilationRate", "groups", ...linearOptions];

/**
 * Convolution of images [N,H,W,C] with `filters` kernels: output [N,OH,OW,filters]. Kernel [KH,KW,C/groups,filters], bias
 * [filters]. Names, defaults and padding are those of Keras' `Conv2D`.
 * Throws `ArgumentError` for sizes below 1 or unknown names, and `ShapeError` when built on an input that does not fit.
 */
export function conv2d(options: Conv2dOptions): Layer {
  layerOptions("conv2d", options, own, ["filters", "kernelSize"]);
  const filters = expectCount("conv2d: filters", options.filters);
  const kernelSize = toPair("conv2d: kernelSize", options.kernelSize);
  const strides = toPair("conv2d: strides", options.strides ?? 1);
  const dilation = toPair("conv2d: dilationRate", options.dilationRate ?? 1);
  const groups = expectCount("conv2d: groups", options.groups ?? 1);
  const padding = lookUp("padding", options.padding ?? "valid", paddings);
  const kernel = kernelWeight(options);
  const after = biasAndActivation(options);
  return defineLayer({
    className: "Conv2D",
    defaultName: "conv2d",
    ...commonFields(options),
    get config() {
      return {
        filters,
        kernelSize,
        strides,
        padding,
        dilationRate: dilation,
        groups,
        ...kernel.config("kernel"),
        ...after.config,
      };
    },
    parameters(inputShape) {
      expectImages("conv2d", inputShape);
      const inputChannels = inputShape[2] as number;
      if (inputChannels % groups !== 0 || filters % groups !== 0) {
        throw new ShapeError(
          `groups is ${groups}, which does not divide the ${inputChannels} channels of the input and the ${filters} filters; ` +
            "use a common divisor of both",
        );
      }
      return [kernel([...kernelSize, inputChannels / groups, filters]), ...after.parameters(filters)];
    },
    apply(context) {
      const { graph, input, parameter } = context;
      const resolved = resolvePadding(padding, spatial(input.shape), kernelSize, strides, dilation);
      const window = { strides, padding: resolved, dilation };
      const output = convolve(graph, input, parameter("kernel"), groups, window);
      return after.activate(graph, after.addBias(context, output));
    },
  });
}

/** A convolution in groups: the channels of each by themselves, one behind the other again afterwards. */
function convolve(
  graph: Graph,
  input: Value,
  kernel: Value,
  groups: number,
  window: Parameters<typeof graph.apply<"conv2d">>[2],
): Value {
  if (groups === 1) {
    return graph.apply("conv2d", [input, kernel], window)[0]!;
  }
  const [inputChannels, filters] = [input.shape[3] as number, kernel.shape[3] as number];
  if (groups === inputChannels) {
    const shape = [...kernel.shape.slice(0, 2), inputChannels, filters / inputChannels];
    const [byChannel] = graph.apply("reshape", [kernel], { shape });
    return graph.apply("depthwiseConv2d", [input, byChannel!], window)[0]!;
  }
  const [inputSize, filterSize] = [inputChannels / groups, filters / groups];
  const outputs = Array.from({ length: groups }, (_, group) => {
    const inputs = [
      channels(graph, input, group * inputSize, inputSize),
      channels(graph, kernel, group * filterSize, filterSize),
    ];
    return graph.apply("conv2d", inputs, window)[0]!;
  });
  return graph.apply("concat", outputs, { axis: 3 })[0]!;
}
