import type { Backend } from "@convoy/core/backend";
import { afterAll, beforeAll, expect, it } from "vitest";
import { forcedVariants } from "../testing/forcedVariants.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import { tiledCases } from "../testing/tiledCases.js";
import { tiles } from "./tiles.js";

useSoftwareGpu();
const { open, force, taken } = forcedVariants((variant) => variant.startsWith("tiled"));

let backend: Backend;
beforeAll(async () => {
  backend = await open({ kernels: "tiled", subgroups: false });
});
afterAll(() => backend.dispose());

// Every eighth case of an op, each with the next tile; more of both in tiled.long.test.ts.
for (const [index, { name, run }] of tiledCases(8).entries()) {
  it(name, async () => {
    force(index);
    await run(backend);
  }, 60_000);
}

it("has taken every tile", () => {
  expect(taken.size).toBe(tiles.length);
});
