import { expectCount } from "../checkOption.js";
import { ShapeError } from "../errors.js";
import { lookUp } from "../names.js";
import { type PaddingName, resolvePadding } from "../ops/window.js";
import { commonFields } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { biasAndActivation, kernelWeight, type LinearOptions, linearOptions } from "./linear.js";
import { expectSequences, layerOptions, paddings } from "./options.js";
import { reshaped } from "./slices.js";

/** Settings of `conv1d`. */
export interface Conv1dOptions extends LinearOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Kernel size. */
  readonly kernelSize: number;
  /** Default 1. */
  readonly strides?: number;
  /** "valid" (default), "same", or "causal": an output depends on nothing that comes after it. */
  readonly padding?: PaddingName | "causal";
  /** Default 1. */
  readonly dilationRate?: number;
}

const own = ["filters", "kernelSize", "strides", "padding", "dilationRate", ...linearOptions];

/**
 * Convolution of sequences [N,L,C] with `filters` kernels: output [N,OL,filters]. Kernel [K,C,filters], bias [filters]. Keras'
 * `Conv1D`; computed as a convolution of images of height 1. Throws like `conv2d`.
 */
export function conv1d(options: Conv1dOptions): Layer {
  layerOptions("conv1d", options, own, ["filters", "kernelSize"]);
  const filters = expectCount("conv1d: filters", options.filters);
  const size = expectCount("conv1d: kernelSize", options.kernelSize);
  const stride = expectCount("conv1d: strides", options.strides ?? 1);
  const dilation = expectCount("conv1d: dilationRate", options.dilationRate ?? 1);
  const padding = lookUp("padding", options.padding ?? "valid", { ...paddings, causal: "causal" as const });
  const kernel = kernelWeight(options);
  const after = biasAndActivation(options);
  const strides = [1, stride] as const;
  return defineLayer({
    className: "Conv1D",
    defaultName: "conv1d",
    ...commonFields(options),
    get config() {
      return {
        filters,
        kernelSize: size,
        strides: stride,
        padding,
        dilationRate: dilation,
        ...kernel.config("kernel"),
        ...after.config,
      };
    },
    parameters(inputShape) {
      expectSequences("conv1d", inputShape);
      return [kernel([size, inputShape[1] as number, filters]), ...after.parameters(filters)];
    },
    apply(context) {
      const { graph, input, parameter } = context;
      const [samples, length, channels] = input.shape as [number, number, number];
      const extent = (size - 1) * dilation + 1;
      if (padding === "valid" && extent > length) {
        throw new ShapeError(
          `conv1d: a window of ${extent} does not fit a sequence of ${length}. Use a smaller kernelSize, padding: "same", or ` +
            "longer sequences",
        );
      }
      const resolved =
        padding === "causal"
          ? ([0, 0, extent - 1, 0] as const)
          : resolvePadding(padding, [1, length], [1, size], strides, [1, dilation]);
      const images = reshaped(graph, input, [samples, 1, length, channels]);
      const kernels = reshaped(graph, parameter("kernel"), [1, size, channels, filters]);
      const window = { strides, padding: resolved, dilation: [1, dilation] } as const;
      const [output] = graph.apply("conv2d", [images, kernels], window);
      const finished = after.activate(graph, after.addBias(context, output!));
      return reshaped(graph, finished, [samples, finished.shape[2]!, filters]);
    },
  });
}
