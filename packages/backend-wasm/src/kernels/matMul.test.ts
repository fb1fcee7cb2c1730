import type { OpInstance } from "@convoy/core/backend";
import { expect, it } from "vitest";
import { workspaceOf } from "../program/encode.js";

/** The gradient of a dense layer's input: [rows, units] times a transposed kernel [inputs, units]. */
function inputGradient(rows: number, inputs: number, units: number): OpInstance {
  const float32 = (...shape: number[]) => ({ shape, dtype: "float32" as const });
  return {
    op: "matMul",
    attributes: { transposeA: false, transposeB: true },
    inputs: [float32(rows, units), float32(inputs, units)],
    outputs: [float32(rows, inputs)],
  };
}

it("takes a copy of a kernel in panels, but not of a large one", () => {
  expect(workspaceOf(inputGradient(8, 1600, 64))).toBe(1600 * 64 * 4);
  // The first dense layer of a VGG-16: 411 MB.
  expect(workspaceOf(inputGradient(8, 25088, 4096))).toBe(0);
});
