import type { Backend } from "@convoy/core/backend";
import { afterAll, beforeAll, it } from "vitest";
import { webgpu } from "../index.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import { reductions, tiledCases } from "../testing/tiledCases.js";

useSoftwareGpu();

let backend: Backend;
beforeAll(async () => {
  backend = await webgpu({ kernels: "tiled", subgroups: false });
});
afterAll(() => backend.dispose());

// Every fourth case of an op; all of them in reductions.long.test.ts.
for (const { name, run } of tiledCases(4, reductions)) {
  it(`${name}, in workgroups`, () => run(backend), 60_000);
}
