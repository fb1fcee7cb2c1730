import type { Backend, TensorData } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webgpu } from "../index.js";
import { runOps, type TestInput, type TestOp } from "../testing/runOps.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

/*
 * Shapes that take several launches, blocks or other paths than the small cases of the conformance test do, on the kernels of
 * software adapters and of GPUs.
 */

useSoftwareGpu();

let oracle: Backend;
const backends: Record<string, Backend> = {};
beforeAll(async () => {
  oracle = await reference();
  backends.registers = await webgpu({ kernels: "registers" });
  backends.tiled = await webgpu({ kernels: "tiled", subgroups: false });
});
afterAll(async () => {
  for (const backend of [oracle, ...Object.values(backends)]) {
    await backend.dispose();
  }
});

/** The largest difference of each output, relative to its largest number. */
function differences(actual: readonly TensorData[], expected: readonly TensorData[]): number[] {
  return expected.map((data, index) => {
    let [largest, worst] = [0, 0];
    data.forEach((value, at) => {
      largest = Math.max(largest, Math.abs(value));
      const off = Math.abs(value - actual[index]![at]!);
      worst = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(worst, off);
    });
    return worst / largest;
  });
}

const window = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] };
const rows = 20_000;

const cases: readonly (readonly [name: string, op: TestOp["op"], attributes: object, inputs: readonly TestInput[]])[] =
  [
    ["in blocks of 4x4", "transpose", { permutation: [1, 0] }, [{ shape: [64, 132] }]],
    ["in blocks of 4x4", "transpose", { permutation: [0, 3, 1, 2] }, [{ shape: [2, 6, 6, 12] }]],
    ["in blocks of 4x4", "transpose", { permutation: [3, 1, 0, 2] }, [{ shape: [4, 3, 8, 12] }]],
    ["eleven inputs", "concat", { axis: 1 }, Array.from({ length: 11 }, (_, size) => ({ shape: [3, size + 1, 4] }))],
    ["two runs in vectors", "concat", { axis: 2 }, [{ shape: [3, 5, 8] }, { shape: [3, 5, 4] }]],
    ["channels in vectors", "pad", { before: [0, 2, -1, 0], after: [0, 1, -2, 0] }, [{ shape: [3, 7, 9, 8] }]],
    [
      "around 1000",
      "batchNorm",
      { epsilon: 1e-3, scale: true, center: true },
      [{ shape: [rows, 24], offset: 1000 }, { shape: [24] }, { shape: [24] }],
    ],
    [
      "many channels",
      "batchNorm",
      { epsilon: 1e-3, scale: false, center: false },
      [{ shape: [300, 2050], scale: 3, offset: -2 }],
    ],
    [
      "many rows",
      "batchNormBackwardSums",
      { epsilon: 1e-3 },
      [{ shape: [rows, 24] }, { shape: [rows, 24] }, { shape: [24] }, { shape: [24], scale: 0.1, offset: 1 }],
    ],
    [
      "many rows",
      "groupNormBackwardSums",
      { epsilon: 1e-3, groups: 3 },
      [
        { shape: [8, 50, 50, 24] },
        { shape: [8, 50, 50, 24] },
        { shape: [8, 3] },
        { shape: [8, 3], scale: 0.1, offset: 1 },
      ],
    ],
    [
      "large groups around 1000",
      "groupNorm",
      { epsilon: 1e-3, groups: 3, scale: true, center: true },
      [{ shape: [2, 40, 40, 24], offset: 1000 }, { shape: [24] }, { shape: [24] }],
    ],
    [
      "many blocks",
      "depthwiseConv2dBackwardFilter",
      { ...window, kernelShape: [3, 3, 24, 1] },
      [{ shape: [16, 19, 21, 24] }, { shape: [16, 19, 21, 24] }],
    ],
    [
      "many blocks, a kernel of 5x5",
      "depthwiseConv2dBackwardFilter",
      { strides: [2, 2], padding: [2, 2, 2, 2], dilation: [1, 1], kernelShape: [5, 5, 6, 2] },
      [{ shape: [16, 20, 22, 6] }, { shape: [16, 10, 11, 12] }],
    ],
    ["many weights", "penalty", { l1: 0.1, l2: 0.3, scale: 2 }, [{ shape: [rows, 7] }]],
    [
      "many rows",
      "weightedMean",
      {},
      [
        { shape: [rows, 7], offset: 1 },
        { shape: [rows], offset: 1 },
      ],
    ],
    ["a dense kernel", "constrainNorm", { kind: "max", limit: 2, axes: [0] }, [{ shape: [1000, 70] }]],
    ["filters", "constrainNorm", { kind: "unit", limit: 1, axes: [0, 1, 2] }, [{ shape: [3, 3, 40, 66] }]],
  ];

for (const style of ["registers", "tiled"] as const) {
  describe(`${style} kernels`, () => {
    it.each(cases)("%s, %s", async (_, op, attributes, inputs) => {
      const ops = [{ op, attributes, inputs: inputs.map((_, index) => index) }];
      const expected = await runOps(oracle, inputs, ops);
      const first = await runOps(backends[style]!, inputs, ops);
      // Of numbers around 1000 the last bit is 6e-5.
      const tolerance = inputs.some(({ offset = 0 }) => offset === 1000) ? 2e-5 : 5e-6;
      for (const difference of differences(first, expected)) {
        expect(difference).toBeLessThan(tolerance);
      }
      expect(await runOps(backends[style]!, inputs, ops)).toEqual(first);
    });
  });
}

it.each([
  ["concat", { axis: 1 }, [0, 0]],
  ["multiply", {}, [0, 0]],
  ["maximum", {}, [0, 0]],
  ["maximumBackward", { input: 0 }, [0, 1, 1]],
  ["maximumBackward", { input: 1 }, [1, 1, 0]],
  ["batchNormBackwardSums", { epsilon: 1e-3 }, [0, 0, 2, 2]],
  ["depthwiseConv2dBackwardFilter", { ...window, kernelShape: [3, 3, 4, 1] }, [3, 3]],
  ["unaryBackward", { function: "gelu", alpha: 0 }, [0, 0]],
] as const)("%s takes a tensor twice", async (op, attributes, which) => {
  const inputs = [{ shape: [3, 8] }, { shape: [3, 8] }, { shape: [8], offset: 2 }, { shape: [2, 5, 6, 4] }];
  const ops = [{ op, attributes, inputs: which }];
  const expected = await runOps(oracle, inputs, ops);
  for (const style of ["registers", "tiled"]) {
    for (const difference of differences(await runOps(backends[style]!, inputs, ops), expected)) {
      expect(difference).toBeLessThan(1e-5);
    }
  }
});

describe("activations behind products", () => {
  const names = [
    "gelu",
    "geluTanh",
    "silu",
    "softplus",
    "softsign",
    "hardSigmoid",
    "hardSilu",
    "abs",
    "square",
    "huber",
  ];
  const alpha = 0.7;
  const convolution = {
    op: "conv2d",
    attributes: { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] },
  } as const;
  const matMul = { op: "matMul", attributes: { transposeA: false, transposeB: false } } as const;

  it.each(names.flatMap((name) => ["registers", "tiled"].map((style) => [name, style] as const)))(
    "%s on %s kernels",
    async (name, style) => {
      const activation = { op: "unary", attributes: { function: name, alpha } } as const;
      for (const [inputs, ops, fused] of [
        [
          [{ shape: [2, 6, 5, 3] }, { shape: [3, 3, 3, 8], scale: 0.3 }, { shape: [8] }],
          [
            { ...convolution, inputs: [0, 1] },
            { op: "biasAdd", attributes: {}, inputs: [3, 2] },
            { ...activation, inputs: [4] },
          ],
          "fusedConv2d",
        ],
        [
          [{ shape: [5, 7] }, { shape: [7, 12], scale: 0.5 }, { shape: [12] }],
          [
            { ...matMul, inputs: [0, 1] },
            { op: "biasAdd", attributes: {}, inputs: [3, 2] },
            { ...activation, inputs: [4] },
          ],
          "fusedDense",
        ],
        // Gradients of kernel and bias behind the derivative from the operand, whichever it is.
        [
          [{ shape: [5, 7] }, { shape: [5, 12] }, { shape: [5, 12], scale: 0.2, offset: 0.5 }],
          [
            { op: "unaryBackward", attributes: activation.attributes, inputs: [1, 2] },
            { op: "biasAddBackward", attributes: {}, inputs: [3] },
            { op: "matMul", attributes: { transposeA: true, transposeB: false }, inputs: [0, 3] },
          ],
          "fusedDenseBackward",
        ],
        [
          [{ shape: [2, 6, 5, 3] }, { shape: [2, 6, 5, 8] }, { shape: [2, 6, 5, 8], scale: 0.2, offset: 0.5 }],
          [
            { op: "unaryBackward", attributes: activation.attributes, inputs: [1, 2] },
            {
              op: "conv2dBackwardFilter",
              attributes: { ...convolution.attributes, kernelShape: [3, 3, 3, 8] },
              inputs: [0, 3],
            },
          ],
          "fusedConv2dBackward",
        ],
      ] as const) {
        const expected = await runOps(oracle, inputs, ops);
        for (const difference of differences(await runOps(backends[style]!, inputs, ops, fused), expected)) {
          expect(difference).toBeLessThan(1e-5);
        }
      }
    },
  );
});
