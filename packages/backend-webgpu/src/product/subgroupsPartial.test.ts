import type { Backend } from "@convoy/core/backend";
import { afterAll, beforeAll, expect, it } from "vitest";
import { forcedVariants } from "../testing/forcedVariants.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import { tiledCases } from "../testing/tiledCases.js";

useSoftwareGpu();

/** Subgroups are full on every adapter at hand. So these kernels are told that most have a gap. */
const gap = "subgroupMax(subgroupLane + select(0u, 1u, subgroupMin(lane) < 96u))";
let changes = 0;
const { open, force } = forcedVariants((variant) => variant.startsWith("subgroups"), {
  change: (code) =>
    code.replace("subgroupMax(subgroupLane)", () => {
      changes += 1;
      return gap;
    }),
});

let backend: Backend;
beforeAll(async () => {
  backend = await open({ kernels: "tiled", subgroups: true });
});
afterAll(() => backend.dispose());

for (const [index, { name, run }] of tiledCases(24).entries()) {
  it(`${name}, where few subgroups are complete`, async () => {
    force(index);
    changes = 0;
    await run(backend);
    expect(changes).toBeGreaterThan(0);
  }, 60_000);
}
