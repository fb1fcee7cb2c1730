import { expect, it } from "vitest";
import { stepFigures } from "./stepFigures.js";

it("leaves out the first step", () => {
  expect(stepFigures([2.3, 2.2, 2.1, 2], [900, 10, 30, 20], 4)).toEqual({
    losses: [2.3, 2.2, 2.1, 2],
    trainUsPerSample: 5000,
    stepMs: { p50: 20, p95: 30 },
    firstStepMs: 900,
  });
});

it("takes the only step, and nothing from none", () => {
  expect(stepFigures([2.3], [900], 10)).toMatchObject({ trainUsPerSample: 90_000, stepMs: { p50: 900, p95: 900 } });
  expect(stepFigures([], [], 10)).toMatchObject({ losses: [], trainUsPerSample: null, firstStepMs: null });
});

it("keeps the losses of the first twenty steps", () => {
  const steps = Array.from({ length: 30 }, (_, step) => step);
  expect(stepFigures(steps, steps, 1).losses).toEqual(steps.slice(0, 20));
});
