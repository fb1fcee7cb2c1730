import type { Backend, TensorData } from "@convoy/core/backend";
import { conformanceCases, runCase } from "@convoy/core/conformance";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestAdapter } from "../device/adapter.js";
import { webgpu } from "../index.js";
import { runOps, type TestInput, type TestOp } from "../testing/runOps.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

/* Fused normalizations over shapes that leave many blocks, and on a device with no more than every device has. */

useSoftwareGpu();

let oracle: Backend;
beforeAll(async () => {
  oracle = await reference();
});
afterAll(() => oracle.dispose());

/** The largest difference, relative to the largest number. */
function difference([actual]: readonly TensorData[], [expected]: readonly TensorData[]): number {
  let [largest, worst] = [0, 0];
  expected!.forEach((value, at) => {
    largest = Math.max(largest, Math.abs(value));
    const off = Math.abs(value - actual![at]!);
    worst = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(worst, off);
  });
  return worst / largest;
}

const norm = { epsilon: 1e-3, scale: true, center: true };
const relu = { function: "relu", alpha: 0 };
const rows = [16, 15, 17, 24];
const vector = [24];

/** A convolution with a bias far from 0: inputs 0 to 6, the convolution's output 7, with its bias 8, then the normalization. */
const convolutionInputs: readonly TestInput[] = [
  { shape: [16, 15, 17, 6] },
  { shape: [3, 3, 6, 24], scale: 0.2 },
  { shape: vector, offset: 1000 },
  { shape: vector, offset: 1 },
  { shape: vector },
  { shape: rows },
  { shape: vector, offset: 900 },
];
const convolution: readonly TestOp[] = [
  { op: "conv2d", attributes: { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] }, inputs: [0, 1] },
  { op: "biasAdd", attributes: {}, inputs: [7, 2] },
  { op: "batchNorm", attributes: norm, inputs: [8, 3, 4] },
];

const cases: readonly (readonly [
  string,
  Parameters<typeof runOps>[3],
  readonly TestInput[],
  readonly TestOp[],
  number,
])[] = [
  [
    "a convolution, its normalization and a sum",
    "fusedConv2dBatchNorm",
    convolutionInputs,
    [
      ...convolution,
      { op: "movingAverage", attributes: { momentum: 0.9 }, inputs: [6, 10] },
      { op: "add", attributes: {}, inputs: [9, 5] },
      { op: "unary", attributes: relu, inputs: [12] },
    ],
    // Of numbers around 1000 the last bit is 6e-5.
    3e-5,
  ],
  [
    "a convolution whose normalized output nothing reads, and its mean",
    "fusedConv2dBatchNorm",
    convolutionInputs,
    [...convolution, { op: "movingAverage", attributes: { momentum: 0.5 }, inputs: [6, 10] }],
    1e-6,
  ],
  [
    "a convolution around 1000, and its variance",
    "fusedConv2dBatchNorm",
    convolutionInputs,
    [...convolution, { op: "movingAverage", attributes: { momentum: 1e-6 }, inputs: [6, 11] }],
    1e-4,
  ],
  [
    "many rows around 1000",
    "fusedBatchNorm",
    [{ shape: [20_000, 24], offset: 1000 }, { shape: vector, offset: 1 }, { shape: vector }, { shape: [20_000, 24] }],
    [
      { op: "batchNorm", attributes: norm, inputs: [0, 1, 2] },
      { op: "add", attributes: {}, inputs: [3, 4] },
      { op: "unary", attributes: relu, inputs: [7] },
    ],
    3e-5,
  ],
  [
    "many channels, added to themselves",
    "fusedBatchNorm",
    [{ shape: [300, 2050] }],
    [
      { op: "batchNorm", attributes: { epsilon: 1e-3, scale: false, center: false }, inputs: [0] },
      { op: "add", attributes: {}, inputs: [0, 1] },
    ],
    5e-6,
  ],
  [
    "the gradient of many rows, a sum behind an activation",
    "fusedBatchNormBackward",
    [
      { shape: [20_000, 24] },
      { shape: [20_000, 24] },
      { shape: [20_000, 24] },
      { shape: [20_000, 24], offset: 5 },
      { shape: vector, offset: 5 },
      { shape: vector, scale: 0.1, offset: 1 },
      { shape: vector, offset: 1 },
    ],
    [
      { op: "add", attributes: {}, inputs: [0, 1] },
      { op: "unaryBackward", attributes: relu, inputs: [7, 2] },
      { op: "batchNormBackwardSums", attributes: { epsilon: 1e-3 }, inputs: [8, 3, 4, 5] },
      { op: "batchNormBackwardInput", attributes: { epsilon: 1e-3, scale: true }, inputs: [8, 3, 4, 5, 9, 10, 6] },
    ],
    5e-6,
  ],
];

describe.each(["registers", "tiled"] as const)("%s kernels", (kernels) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await webgpu({ kernels });
  });
  afterAll(() => backend.dispose());

  it.each(cases)("%s: %s", async (name, fused, inputs, ops, tolerance) => {
    // The output of the normalization is tensor 9.
    const unread = name.includes("nothing reads") ? [9] : [];
    const expected = await runOps(oracle, inputs, ops);
    const first = await runOps(backend, inputs, ops, fused, unread);
    expect(difference(first, expected)).toBeLessThan(tolerance);
    expect(await runOps(backend, inputs, ops, fused, unread)).toEqual(first);
  });
});

describe.each(["registers", "tiled"] as const)("%s kernels with the limits of every device", (kernels) => {
  let device: GPUDevice;
  let backend: Backend;
  beforeAll(async () => {
    device = await (await requestAdapter(undefined)).requestDevice();
    backend = await webgpu({ device, kernels });
  });
  afterAll(async () => {
    await backend.dispose();
    device.destroy();
  });

  it("refuse a convolution that binds more tensors than there may be", () => {
    expect(device.limits.maxStorageBuffersPerShaderStage).toBe(8);
    const float32 = (shape: readonly number[]) => ({ shape, dtype: "float32" }) as const;
    const [x, k, y] = [float32([2, 6, 6, 3]), float32([3, 3, 3, 8]), float32([2, 4, 4, 8])];
    const channels = float32([8]);
    const parts = [
      { op: "conv2d", attributes: {}, inputs: [x, k], outputs: [y] },
      { op: "biasAdd", attributes: {}, inputs: [y, channels], outputs: [y] },
      { op: "normalize", attributes: norm, inputs: [y, channels, channels, channels, channels], outputs: [y] },
      { op: "add", attributes: {}, inputs: [y, y], outputs: [y] },
    ] as const;
    const chain = { op: "fusedConv2d", attributes: {}, outputs: [y, y, y, y] } as const;
    const inputs = [x, k, channels, channels, channels, channels, channels];
    expect(backend.supports({ ...chain, inputs, parts: parts.slice(0, 3) })).toBe(true);
    expect(backend.supports({ ...chain, inputs: [...inputs, y], parts })).toBe(
      "fusedConv2d up to add binds 9 tensors, this device 8 (maxStorageBuffersPerShaderStage)",
    );
  });

  const normalizations = conformanceCases({ levels: ["ops"] }).filter(({ name }) =>
    /^fused.*(batch statistics|given statistics|of a sum|of two uses)/.test(name),
  );
  // Every fifth.
  for (const test of normalizations.filter((_, index) => index % 5 === 0)) {
    it(test.name, ({ skip }) => runCase(test, backend, skip), 60_000);
  }
});
