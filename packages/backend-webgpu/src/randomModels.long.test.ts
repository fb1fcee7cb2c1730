import type { Backend } from "@convoy/core/backend";
import { randomModelCases, runCase } from "@convoy/core/conformance";
import { afterAll, beforeAll, describe, it } from "vitest";
import { webgpu } from "./index.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";

useSoftwareGpu();

// Others than in randomModels.test.ts. Software adapters take about ten seconds for one on tiled kernels.
describe.each([
  ["registers", 300, 24],
  ["tiled", 30, 3],
] as const)("random models on %s kernels", (kernels, count, first) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await webgpu({ kernels });
  });
  afterAll(() => backend.dispose());

  for (const test of randomModelCases(count, first)) {
    it(test.name, ({ skip }) => runCase(test, backend, skip), 120_000);
  }
});
