import type { Backend } from "@convoy/core/backend";
import { conformanceCases, runCase } from "@convoy/core/conformance";
import { afterAll, beforeAll, it } from "vitest";
import { webgpu } from "./index.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";

const adapter = useSoftwareGpu();

let backend: Backend;
beforeAll(async () => {
  backend = await webgpu();
  console.log(`webgpu: ${backend.device.name} (${adapter}), ${backend.device.details.kernels} kernels`);
});
afterAll(() => backend.dispose());

for (const test of conformanceCases()) {
  it(test.name, ({ skip }) => runCase(test, backend, skip), 60_000);
}
