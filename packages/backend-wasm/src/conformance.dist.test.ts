import { formatMatrix, runConformance } from "@convoy/core/conformance";
import { expect, it } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";

const { wasm } = await builtPackage();

for (const threads of [1, 2, 3]) {
  it(`passes the conformance kit with ${threads} threads`, async () => {
    const report = await runConformance(() => wasm({ threads }));
    if (threads === 1) {
      console.log(formatMatrix(report));
    }
    const failures = report.results.filter(({ status }) => status !== "passed").map(({ message }) => message);
    expect(failures).toEqual([]);
  });
}
