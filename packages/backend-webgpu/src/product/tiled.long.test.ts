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

// What software adapters take minutes for: npm run test:long. Every case with three of the tiles, others each time.
for (const [index, { name, run }] of tiledCases(1).entries()) {
  for (const turn of [0, 3, 6]) {
    it(`${name}, variant ${index + turn}`, async () => {
      force(index + turn);
      await run(backend);
    }, 60_000);
  }
}

it("has taken every tile", () => {
  expect(taken.size).toBe(tiles.length);
});
