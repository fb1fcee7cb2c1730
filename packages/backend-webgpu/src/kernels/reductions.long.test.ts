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

// On GPUs these reduce in workgroups; every fourth case also runs in reductions.test.ts.
for (const { name, run } of tiledCases(1, reductions)) {
  it(`${name}, in workgroups`, () => run(backend), 60_000);
}
