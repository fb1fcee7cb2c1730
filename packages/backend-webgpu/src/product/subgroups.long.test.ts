import type { Backend } from "@convoy/core/backend";
import { afterAll, beforeAll, expect, it } from "vitest";
import { forcedVariants } from "../testing/forcedVariants.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import { tiledCases } from "../testing/tiledCases.js";

useSoftwareGpu();
const { open, force, taken } = forcedVariants((variant) => variant.startsWith("subgroups"));

let backend: Backend;
beforeAll(async () => {
  backend = await open({ kernels: "tiled", subgroups: true });
});
afterAll(() => backend.dispose());

// Every case, each with the next width of which there are two.
for (const [index, { name, run }] of tiledCases(1).entries()) {
  it(name, async () => {
    force(index);
    await run(backend);
  }, 60_000);
}

it("has taken both widths", () => {
  expect([...taken]).toContainEqual(expect.stringMatching(/^subgroups, 8x4 /));
  expect([...taken]).toContainEqual(expect.stringMatching(/^subgroups, 8x8 /));
});
