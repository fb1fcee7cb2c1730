import { expect, it } from "vitest";
import { loadDamaged } from "./testing/damagedFiles.js";

it("100,000 damaged files end in an error of Convoy or in a good model, and soon", { timeout: 1_800_000 }, async () => {
  const { refused, loaded, longest } = await loadDamaged(100_000);
  expect(refused + loaded).toBeGreaterThanOrEqual(100_000);
  expect(refused).toBeGreaterThan(30_000);
  expect(loaded).toBeGreaterThan(3000);
  // In milliseconds; far more than any takes, for machines with other work.
  expect(longest).toBeLessThan(5000);
});
