import { conformanceCases, formatMatrix, runConformance } from "@convoy/core/conformance";
import { expect, test } from "vitest";
import { template } from "./index.js";

test("conforms", async () => {
  const report = await runConformance(() => template());
  console.log(formatMatrix(report));
  expect(report.passed).toBe(true);
  expect(report.results.length).toBeGreaterThan(conformanceCases().length);
}, 300_000);
