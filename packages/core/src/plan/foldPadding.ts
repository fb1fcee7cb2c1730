import type { PadAttributes } from "../ops/pad.js";
import type { WindowAttributes } from "../ops/window.js";
import type { Graph, GraphOperation } from "./graph.js";

/** Convolutions: what they read beyond the edges is 0, as what `pad` adds. */
const convolutions = ["conv2d", "depthwiseConv2d"];

/**
 * Rewrites convolution(pad(x)) as a convolution of x with more padding, where `pad` only adds rows and columns of zeros: the
 * numbers are the same, and neither the padded images nor their gradient is ever in memory. Runs on the forward graph, before
 * autodiff. What else reads the padded images still does; without such a reader the `pad` is dead and goes in lowering.
 */
export function foldPadding(graph: Graph): void {
  const pads = new Map<number, GraphOperation>();
  graph.operations = graph.operations.map((operation) => {
    if (operation.op === "pad") {
      pads.set(operation.outputs[0]!.id, operation);
      return operation;
    }
    const pad = convolutions.includes(operation.op) ? pads.get(operation.inputs[0]!.id) : undefined;
    const padding = pad && widerPadding(operation, pad.attributes as unknown as PadAttributes);
    return padding === undefined
      ? operation
      : {
          ...operation,
          inputs: [pad!.inputs[0]!, ...operation.inputs.slice(1)],
          attributes: { ...operation.attributes, padding },
        };
  });
}

/** [top, bottom, left, right] of both together; undefined where they are no padding of a convolution. */
function widerPadding({ inputs, attributes }: GraphOperation, { before, after }: PadAttributes): number[] | undefined {
  const { padding, dilation } = attributes as unknown as WindowAttributes;
  const added = [before[1]!, after[1]!, before[2]!, after[2]!];
  const onlySpatial = [before[0], after[0], before[3], after[3]].every((size) => size === 0);
  const wider = padding.map((size, side) => size + added[side]!);
  // A window must meet the images, or kernels would have to do with windows that lie in the padding alone.
  const extent = (axis: 0 | 1): number => (inputs[1]!.shape[axis]! - 1) * dilation[axis] + 1;
  const fits = wider.every((size, side) => size < extent(side < 2 ? 0 : 1));
  return onlySpatial && added.every((size) => size >= 0) && fits ? wider : undefined;
}
