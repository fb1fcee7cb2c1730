import type { Backend } from "@convoy/core";
import type { Plan } from "@convoy/core/backend";
import type { GridShape } from "./gridShapes.js";
import { type SingleOp, singleOpPlan } from "./singleOpPlan.js";

/** The convolution alone, or one of its gradients, as a plan: each tensor in a buffer of its own. */
export function convolutionPlan(backend: Backend, shape: GridShape): Plan {
  return singleOpPlan(backend, convolutionOp(shape));
}

function convolutionOp({ direction, kernel, stride, channels, filters, size, batch }: GridShape): SingleOp {
  const outputSize = Math.ceil(size / stride);
  const inputShape = [batch, size, size, channels];
  const kernelShape = [kernel, kernel, channels, filters];
  const before = Math.max(0, (outputSize - 1) * stride + kernel - size);
  const [low, high] = [Math.floor(before / 2), Math.ceil(before / 2)];
  const window = { strides: [stride, stride], padding: [low, high, low, high], dilation: [1, 1] } as const;
  const spec = (dimensions: number[]) => ({ shape: dimensions, dtype: "float32" as const });
  const [x, w, dy] = [spec(inputShape), spec(kernelShape), spec([batch, outputSize, outputSize, filters])];
  switch (direction) {
    case "forward":
      return { op: "conv2d", attributes: window, inputs: [x, w] };
    case "input gradient":
      return { op: "conv2dBackwardInput", attributes: { ...window, inputShape }, inputs: [dy, w] };
    default:
      return { op: "conv2dBackwardFilter", attributes: { ...window, kernelShape }, inputs: [x, dy] };
  }
}
