import { expect, it } from "vitest";
import { packArguments, structBytes } from "./pack.js";

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

it("puts each argument at a multiple of its alignment, as a C++ struct does", () => {
  const bytes = packArguments("gradientNorm", {
    g: { address: 2 ** 40 + 5 },
    norm: undefined,
    sums: { partial: 7, counter: 8 },
    count: 2 ** 32 - 1,
  });
  expect(bytes.length).toBe(36);
  expect([0, 8, 16, 24].map((offset) => view(bytes).getBigUint64(offset, true))).toEqual([2n ** 40n + 5n, 0n, 7n, 8n]);
  expect(view(bytes).getUint32(32, true)).toBe(2 ** 32 - 1);
});

it("pads structs to their alignment", () => {
  const labels = { classes: 1, targets: 2 };
  const bytes = packArguments("softmaxCrossEntropyBackward", {
    probabilities: 1,
    labels,
    weights: 3,
    gradient: 4,
    scale: 1.5,
    rows: -1,
    C: 10,
  });
  expect(bytes.length).toBe(52);
  expect(view(bytes).getFloat32(40, true)).toBe(1.5);
  expect(view(bytes).getInt32(44, true)).toBe(-1);
  // The float at its end leaves four bytes.
  expect(structBytes("LossInputs")).toBe(48);
  expect(structBytes("StepState")).toBe(8);
});

it("leaves elements that are not given zero", () => {
  const source = {
    source: 1,
    order: undefined,
    batch: 2,
    byRow: { divisor: 3, multiplier: 4, shift: 5 },
    count: 6,
    rows: 7,
    orderLength: 8,
    offset: 0.25,
    scale: 0.5,
    type: 1,
  };
  const bytes = packArguments("gatherRows", { from: { sources: [source], table: 9, state: 10 } });
  const second = structBytes("GatherSource");
  expect(second).toBe(64);
  expect(bytes.length).toBe(4 * second + 16);
  expect([...bytes.subarray(second, 4 * second)].every((byte) => byte === 0)).toBe(true);
  expect(view(bytes).getBigUint64(4 * second, true)).toBe(9n);
});
