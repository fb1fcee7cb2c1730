import type { Backend } from "@convoy/core/backend";
import { conformanceCases, runCase } from "@convoy/core/conformance";
import { afterAll, beforeAll, it } from "vitest";
import { webgpu } from "../index.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

useSoftwareGpu();

/** Ops whose reductions have another form on GPUs than on software adapters, which the conformance test runs. */
const reduced = /^(batchNorm|groupNorm|depthwiseConv2d|constrainNorm)/;

let backend: Backend;
beforeAll(async () => {
  backend = await webgpu({ kernels: "tiled", subgroups: false });
});
afterAll(() => backend.dispose());

for (const test of conformanceCases({ levels: ["ops"] }).filter(({ op }) => reduced.test(op))) {
  it(`${test.name}, in workgroups`, ({ skip }) => runCase(test, backend, skip), 60_000);
}
