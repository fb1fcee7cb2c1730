import { expect, it } from "vitest";
import { packSteps, type StepValues, stepBytes, unpackStep } from "./index.js";

const steps: readonly StepValues[] = [
  {
    iteration: 0,
    batchStart: 0,
    learningRate: 0.5,
    stepSize: 0.25,
    seed: [0, 0],
    gradientStep: 0.125,
    secondMomentScale: 1000,
  },
  {
    iteration: 2 ** 32 - 1,
    batchStart: 60_000,
    learningRate: 2 ** -20,
    stepSize: 0,
    seed: [2 ** 32 - 1, 2 ** 21 - 1],
    gradientStep: -1,
    secondMomentScale: 1,
  },
];

it("packs steps into rows and reads them back", () => {
  const table = packSteps(steps);
  expect(table.count).toBe(2);
  expect(table.bytes.length).toBe(2 * stepBytes);
  expect(steps.map((_, row) => unpackStep(table, row))).toEqual(steps);
});

it("lays a row out as documented", () => {
  const { bytes } = packSteps([{ iteration: 1, batchStart: 2, learningRate: 1, stepSize: -2, seed: [3, 4] }]);
  expect([...new Uint32Array(bytes.buffer)]).toEqual([1, 2, 0x3f800000, 0xc0000000, 3, 4, 0, 0]);
  const plain = { iteration: 0, batchStart: 0, learningRate: 0, stepSize: 0, seed: [0, 0] } as const;
  const nadam = packSteps([{ ...plain, gradientStep: 1, secondMomentScale: -2 }]);
  expect([...new Uint32Array(nadam.bytes.buffer)]).toEqual([0, 0, 0, 0, 0, 0, 0x3f800000, 0xc0000000]);
});

it("reads rows of a table that starts inside its memory", () => {
  const { bytes } = packSteps(steps);
  const moved = new Uint8Array(bytes.length + 12);
  moved.set(bytes, 12);
  expect(unpackStep({ count: 2, bytes: moved.subarray(12) }, 1)).toEqual(steps[1]);
});
