import type { Backend } from "@convoy/core/backend";
import { randomModelCases, runCase } from "@convoy/core/conformance";
import { afterAll, beforeAll, describe, it } from "vitest";
import { webgpu } from "./index.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";

useSoftwareGpu();

// On GPUs reductions go in workgroups, and products in tiles, which software adapters compile slowly. 330 others in
// randomModels.long.test.ts.
describe.each([
  ["registers", 24],
  ["tiled", 3],
] as const)("random models on %s kernels", (kernels, count) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await webgpu({ kernels });
  });
  afterAll(() => backend.dispose());

  for (const test of randomModelCases(count)) {
    it(test.name, ({ skip }) => runCase(test, backend, skip), 60_000);
  }
});
