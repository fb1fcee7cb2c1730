import { expectCount } from "../checkOption.js";
import { ArgumentError, formatShape, ShapeError } from "../errors.js";
import { lookUp } from "../names.js";
import { sameShape } from "../ops/checks.js";
import { type PaddingName, resolvePadding, spatial, windowOutputSize } from "../ops/window.js";
import { commonFields } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { biasAndActivation, kernelWeight, type LinearOptions, linearOptions } from "./linear.js";
import { expectImages, layerOptions, type Pair, paddings, toPair } from "./options.js";

/** Settings of `conv2dTranspose`. */
export interface Conv2dTransposeOptions extends LinearOptions {
  /** Number of output channels. */
  readonly filters: number;
  /** Kernel size. */
  readonly kernelSize: Pair;
  /** By how much the image grows; default 1. */
  readonly strides?: Pair;
  /** "valid" (default) or "same". */
  readonly padding?: PaddingName;
  /** Rows and columns added at the bottom and right, below the stride. Default: what Keras chooses by the padding. */
  readonly outputPadding?: Pair;
  /** Default 1. */
  readonly dilationRate?: Pair;
}

const own = ["filters", "kernelSize", "strides", "padding", "outputPadding", "dilationRate", ...linearOptions];

/**
 * Transposed convolution: [N,H,W,C] to [N,OH,OW,filters], the map whose gradient is a convolution. Kernel [KH,KW,filters,C], bias
 * [filters]. With K = (KH-1) dilation + 1, OH is H stride for padding "same" and (H-1) stride + max(K, stride) for "valid"; with
 * `outputPadding`, (H-1) stride + K mod 2 + outputPadding and (H-1) stride + K + outputPadding. Keras' `Conv2DTranspose`. Throws
 * like `conv2d`.
 */
export function conv2dTranspose(options: Conv2dTransposeOptions): Layer {
  layerOptions("conv2dTranspose", options, own, ["filters", "kernelSize"]);
  const filters = expectCount("conv2dTranspose: filters", options.filters);
  const kernelSize = toPair("conv2dTranspose: kernelSize", options.kernelSize);
  const strides = toPair("conv2dTranspose: strides", options.strides ?? 1);
  const dilation = toPair("conv2dTranspose: dilationRate", options.dilationRate ?? 1);
  const padding = lookUp("padding", options.padding ?? "valid", paddings);
  const outputPadding = checkedOutputPadding(options.outputPadding, strides);
  const kernel = kernelWeight(options);
  const after = biasAndActivation(options);
  return defineLayer({
    className: "Conv2DTranspose",
    defaultName: "conv2d_transpose",
    ...commonFields(options),
    get config() {
      return {
        filters,
        kernelSize,
        strides,
        padding,
        ...(outputPadding === undefined ? {} : { outputPadding }),
        dilationRate: dilation,
        ...kernel.config("kernel"),
        ...after.config,
      };
    },
    parameters(inputShape) {
      expectImages("conv2dTranspose", inputShape);
      return [kernel([...kernelSize, filters, inputShape[2] as number]), ...after.parameters(filters)];
    },
    apply(context) {
      const { graph, input, parameter } = context;
      const size = spatial(input.shape).map((length, axis) => {
        const extent = (kernelSize[axis]! - 1) * dilation[axis]! + 1;
        const stride = strides[axis]!;
        const extra = outputPadding?.[axis];
        const grown = (length - 1) * stride;
        return padding === "valid"
          ? grown + (extra === undefined ? Math.max(extent, stride) : extent + extra)
          : grown + (extra === undefined ? stride : (extent % 2) + extra);
      }) as [number, number];
      const resolved = resolvePadding(padding, size, kernelSize, strides, dilation);
      const window = { strides, padding: resolved, dilation };
      const back = windowOutputSize("conv2dTranspose", size, kernelSize, window);
      if (!sameShape(back, spatial(input.shape))) {
        throw new ShapeError(
          `conv2dTranspose: outputPadding ${formatShape(outputPadding ?? [])} gives images ${formatShape(size)}, which a ` +
            `convolution would make ${formatShape(back)} of, not ${formatShape(spatial(input.shape))}; use outputPadding from 1, ` +
            "or leave it out",
        );
      }
      const attributes = { ...window, inputShape: [input.shape[0]!, ...size, filters] };
      const [output] = graph.apply("conv2dBackwardInput", [input, parameter("kernel")], attributes);
      return after.activate(graph, after.addBias(context, output!));
    },
  });
}

function checkedOutputPadding(
  option: Pair | undefined,
  strides: readonly [number, number],
): [number, number] | undefined {
  if (option === undefined) {
    return undefined;
  }
  const pair: [number, number] = typeof option === "number" ? [option, option] : [...option];
  pair.forEach((extra, axis) => {
    if (!Number.isInteger(extra) || extra < 0 || extra >= strides[axis]!) {
      throw new ArgumentError(
        `conv2dTranspose: outputPadding is ${formatShape(pair)}, expected integers from 0 and below the strides ` +
          formatShape(strides),
      );
    }
  });
  return pair;
}
