import type { Backend } from "@convoy/core";
import { aligned, type OpInstance, type Plan, type PlanValue, sizeOf } from "@convoy/core/backend";
import type { Direction, GridShape } from "./gridShapes.js";

const ops = {
  forward: "conv2d",
  "input gradient": "conv2dBackwardInput",
  "kernel gradient": "conv2dBackwardFilter",
} as const satisfies Readonly<Record<Direction, string>>;

/** The convolution alone as a plan, each tensor in a buffer of its own: `first`, `second` and `output`. */
export function convolutionPlan(backend: Backend, shape: GridShape): Plan {
  const { direction, kernel, stride, channels, filters, size, batch } = shape;
  const outputSize = Math.ceil(size / stride);
  const images = [batch, size, size, channels];
  const kernels = [kernel, kernel, channels, filters];
  const outputs = [batch, outputSize, outputSize, filters];
  const [first, second, result] = {
    forward: [images, kernels, outputs],
    "input gradient": [outputs, kernels, images],
    "kernel gradient": [images, outputs, kernels],
  }[direction] as [number[], number[], number[]];
  const before = Math.max(0, (outputSize - 1) * stride + kernel - size);
  const [low, high] = [Math.floor(before / 2), Math.ceil(before / 2)];
  const attributes = {
    ...{ strides: [stride, stride], padding: [low, high, low, high], dilation: [1, 1] },
    ...(direction === "input gradient" ? { inputShape: images } : {}),
    ...(direction === "kernel gradient" ? { kernelShape: kernels } : {}),
  };
  const spec = (dimensions: number[]) => ({ shape: dimensions, dtype: "float32" as const });
  const instance: OpInstance = {
    ...{ op: ops[direction], attributes },
    inputs: [spec(first), spec(second)],
    outputs: [spec(result)],
  };
  const workspace = backend.workspaceBytes?.(instance) ?? 0;
  const value = (id: number, label: string, dimensions: number[]): PlanValue => ({
    ...{ id, label, ...spec(dimensions), buffer: label, byteOffset: 0 },
  });
  const scratch: PlanValue = {
    id: 3,
    label: "workspace",
    shape: [workspace],
    dtype: "uint8",
    buffer: "arena",
    byteOffset: 0,
  };
  const buffers = { first, second, output: result };
  return {
    mode: "test",
    batchSize: batch,
    values: [
      ...[value(0, "first", first), value(1, "second", second), value(2, "output", result)],
      ...(workspace > 0 ? [scratch] : []),
    ],
    ops: [
      {
        ...{ op: ops[direction], attributes, inputs: [0, 1], outputs: [2], updates: [], label: "convolution" },
        ...(workspace > 0 ? { workspace: 3 } : {}),
        flops: 2 * sizeOf(outputs) * kernel ** 2 * channels,
        bytes: 4 * (sizeOf(images) + sizeOf(kernels) + sizeOf(outputs)),
      },
    ],
    buffers: Object.fromEntries(
      Object.entries(buffers).map(([name, dimensions]) => [name, { dtype: "float32", length: sizeOf(dimensions) }]),
    ),
    arenaBytes: aligned(workspace),
    results: [],
  };
}
