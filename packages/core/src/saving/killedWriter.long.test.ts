import { expect, it } from "vitest";
import { killWriters } from "./testing/killedWriter.js";

it("a process that is killed while it saves, 200 times, leaves a whole model each time", async () => {
  const { sound, interrupted, failures } = await killWriters(200);
  expect(failures).toEqual([]);
  expect(sound).toBe(200);
  // Killed in the middle of a file, not just between two.
  expect(interrupted).toBeGreaterThan(20);
});
