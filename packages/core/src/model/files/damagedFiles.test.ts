import { expect, it } from "vitest";
import { loadDamaged } from "./testing/damagedFiles.js";

it("damaged files end in an error of Convoy or in a good model", async () => {
  const { refused, loaded } = await loadDamaged(2000);
  expect(refused + loaded).toBeGreaterThanOrEqual(2000);
  expect(refused).toBeGreaterThan(500);
  expect(loaded).toBeGreaterThan(100);
});
