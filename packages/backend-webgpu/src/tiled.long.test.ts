import type { Backend } from "@convoy/core/backend";
import { afterAll, beforeAll, it } from "vitest";
import { webgpu } from "./index.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";
import { tiledCases } from "./testing/tiledCases.js";

useSoftwareGpu();

let backend: Backend;
beforeAll(async () => {
  backend = await webgpu({ kernels: "tiled" });
});
afterAll(() => backend.dispose());

// What software adapters take minutes for: npm run test:long.
for (const { name, run } of tiledCases(1)) {
  it(name, () => run(backend), 60_000);
}
