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

// Every eighth case of an op; all of them are in tiled.long.test.ts.
for (const { name, run } of tiledCases(8)) {
  it(name, () => run(backend), 60_000);
}
