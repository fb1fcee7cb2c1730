import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzProperties } from "./testing/fuzz.js";

const properties = await fuzzProperties();

test.each(Object.keys(properties))("damaged %s is refused or read, and never does harm", async (name) => {
  await fc.assert(properties[name]!, { numRuns: 300 });
  expect(properties[name]).toBeDefined();
});
