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

it("uses subgroups, which SwiftShader and Mesa's software adapter have", () => {
  expect(backend.device.details.subgroups).toBe(true);
});

// Every eighth case of an op, each with the next width; the others in subgroups.long.test.ts.
for (const [index, { name, run }] of tiledCases(8).entries()) {
  it(name, async () => {
    force(index);
    await run(backend);
  }, 60_000);
}

it("has taken both widths", () => {
  expect([...taken]).toContainEqual(expect.stringMatching(/^subgroups, 8x4 /));
  expect([...taken]).toContainEqual(expect.stringMatching(/^subgroups, 8x8 /));
});
