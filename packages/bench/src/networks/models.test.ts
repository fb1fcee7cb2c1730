import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { buildNetwork, isRandom, modelNames, syntheticShape, takesImages } from "./models.js";
import { networkSteps } from "./steps.js";

it.each(modelNames)("%s can be planned and taken apart into calls that name each other", async (name) => {
  const model = buildNetwork(name, 3);
  model.compile({ backend: await reference(), optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  const plan = model.plan({ batchSize: 2, print: () => undefined });
  expect(plan.ops.length).toBeGreaterThan(10);
  const steps = networkSteps(model);
  const known = new Set<string>();
  for (const { name: step, inputs } of steps) {
    expect(inputs.every((input) => known.has(input))).toBe(true);
    known.add(step);
  }
  expect(steps[0]?.config.shape).toEqual([...syntheticShape(name)]);
  expect(takesImages(name, syntheticShape(name))).toBe(true);
});

it("knows which networks draw random numbers", () => {
  expect(modelNames.filter(isRandom)).toEqual(["dropout", "augmented"]);
});
