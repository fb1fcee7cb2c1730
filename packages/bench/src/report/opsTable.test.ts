import { expect, it } from "vitest";
import type { BackendOps } from "./opResult.js";
import { formatOpsTable } from "./opsTable.js";

const wasm: BackendOps = {
  backend: "wasm",
  available: true,
  device: "AMD EPYC 9654, 2 threads",
  peakGflops: 80,
  ops: [
    {
      op: "conv2d",
      shapes: "64x13x13x32, 3x3x32x64 -> 64x11x11x64",
      usedBy: ["simple train"],
      flops: 285_474_816,
      bytes: 3_440_640,
      medianUs: 4500,
      errorPercent: 1.24,
      gflops: 63.4,
      gigabytesPerSecond: 0.764,
    },
    {
      op: "gatherRows",
      shapes: "64x28x28x1, 64 -> 64x28x28x1",
      usedBy: ["simple train"],
      flops: 0,
      bytes: 401_664,
      medianUs: 4.7,
      errorPercent: 3.7,
      gflops: null,
      gigabytesPerSecond: 85.5,
    },
  ],
};

it("shows the percentage of the peak where there is one", () => {
  expect(`\n${formatOpsTable(wasm)}\n`).toMatchInlineSnapshot(`
    "
    wasm: AMD EPYC 9654, 2 threads, microkernel 80.0 GFLOP/s
                                                                                   % of
    op          shapes                                    µs   ±%  GFLOP/s   GB/s  peak
    ----------  -------------------------------------  -----  ---  -------  -----  ----
    conv2d      64x13x13x32, 3x3x32x64 -> 64x11x11x64  4,500  1.2     63.4  0.764    79
    gatherRows  64x28x28x1, 64 -> 64x28x28x1            4.70  3.7        -   85.5     -
    "
  `);
});

it("leaves that column out where there is none", () => {
  const text = formatOpsTable({ ...wasm, peakGflops: null });
  expect(text).not.toContain("peak");
  expect(text.split("\n")[0]).toBe("wasm: AMD EPYC 9654, 2 threads");
});

it("says why there is no table", () => {
  expect(formatOpsTable({ ...wasm, ops: [] })).toContain("no op matches the filter");
  const reason = "cuda: no NVIDIA driver";
  expect(formatOpsTable({ ...wasm, available: false, reason, backend: "cuda", ops: [] })).toBe(`cuda: ${reason}`);
});
