import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzProperties } from "./testing/fuzz.js";

const properties = await fuzzProperties();

test.each(Object.keys(properties))(
  "damaged %s is refused or read, and never does harm: 100,000 files",
  async (name) => {
    await fc.assert(properties[name]!, { numRuns: 100_000 });
    // What is read is let go again.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(500 * 2 ** 20);
  },
  1_800_000,
);
