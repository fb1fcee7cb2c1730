import type { OpInstance } from "@convoy/core/backend";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { WasmBackend } from "./index.js";
import { builtPackage } from "./testing/builtPackage.js";
import { runSingleOp } from "./testing/singleOp.js";

const { wasm } = await builtPackage();

let backend: WasmBackend;
beforeAll(async () => {
  backend = await wasm({ threads: 2 });
});
afterAll(() => backend.dispose());

it("reports a partner outside the batch, and goes on with others", async () => {
  const mixing = { op: "mixRows", attributes: {}, shapes: [[3, 5], [3]] } as const;
  for (const partner of [-1, 3]) {
    await expect(runSingleOp(backend, { ...mixing, words: { partners: [0, partner, 1] } })).rejects.toThrow(
      `mixRows: partner ${partner} is outside the batch`,
    );
  }
  await runSingleOp(backend, { ...mixing, words: { partners: [0, 2, 1] } });
});

/** A batch of two images that is scaled and resampled as it is gathered. */
function gathered(dtype: "uint8" | "int32", scale: number): OpInstance {
  const batch = { shape: [2, 4, 4, 1], dtype: "float32" } as const;
  const transforms = { shape: [2, 6], dtype: "int32" } as const;
  const gather: OpInstance = {
    op: "gatherRows",
    attributes: { batchSize: 2, scale, dtype: "float32" },
    inputs: [{ shape: [9, 4, 4, 1], dtype }],
    outputs: [batch],
  };
  const fill = { fillMode: "constant", fillValue: 0.5 } as const;
  const warp: OpInstance = {
    op: "warp2d",
    attributes: { size: [4, 4], interpolation: "bilinear", ...fill, fractionBits: 8 },
    inputs: [batch, transforms],
    outputs: [batch],
  };
  return {
    op: "fusedGatherRows",
    attributes: {},
    inputs: [...gather.inputs, transforms],
    outputs: [batch, batch],
    parts: [gather, warp],
  };
}

it("resamples as it gathers where pixels can be scaled afterwards", () => {
  expect(backend.supports(gathered("uint8", 1 / 255))).toBe(true);
  expect(backend.supports(gathered("int32", 1))).toBe("fusedGatherRows with warp2d of int32");
  expect(backend.supports(gathered("uint8", 0))).toBe("fusedGatherRows with warp2d of numbers scaled by 0");
});
