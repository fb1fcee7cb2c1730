import { expect, it } from "vitest";
import { someRow } from "../testing/rows.js";
import { formatSeeds, meanAndSpread } from "./seedsTable.js";

it("gives the mean over seeds and the standard deviation", () => {
  expect(meanAndSpread([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, spread: Math.sqrt(32 / 7) });
  expect(meanAndSpread([3])).toEqual({ mean: 3, spread: 0 });
  expect(meanAndSpread([])).toBeNull();
  const seeds = [0.98, 0.99].map((testAccuracy, seed) => someRow({ seed, testAccuracy }));
  expect(formatSeeds([...seeds, someRow({ backend: "reference" })])).toMatch(
    /^wasm, batch 64 +2 +98\.5 ± 0\.707 +86\.1 ± 0\.00$/m,
  );
  expect(formatSeeds([someRow()])).toBe("");
});
