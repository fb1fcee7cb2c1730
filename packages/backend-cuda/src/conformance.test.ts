import { formatMatrix, type RunOptions, runConformance } from "@convoy/core/conformance";
import { describe, expect, it } from "vitest";
import { cuda } from "./index.js";
import { countsOf, findEmulator, setEmulator } from "./testing/emulator.js";

const { library, note } = findEmulator();

async function expectConformance(options: RunOptions): Promise<void> {
  const report = await runConformance(() => cuda({ library: library! }), options);
  const failures = report.results.filter(({ status }) => status !== "passed");
  expect(failures.map(({ case: { name }, message }) => `${name}: ${message}`)).toEqual([]);
  expect(countsOf(library!).reports).toBe(0);
  console.log(formatMatrix(report));
}

describe.skipIf(library === undefined)(`conformance on the emulator${note}`, () => {
  it("smoke, ops and steps", () => expectConformance({ levels: ["smoke", "ops", "step"] }), 300_000);

  it("learning curves", () => expectConformance({ levels: ["curve"], timeoutMs: 300_000 }), 600_000);

  // Large tiles are for large layers; a device of one multiprocessor is content with few blocks.
  it("ops in large tiles, threads backwards", async () => {
    setEmulator(library!, { multiprocessors: 1, order: 1 });
    await expectConformance({ levels: ["ops"], only: /conv2d|Conv2d|matMul|Dense/ });
  }, 300_000);

  it("ops on a large device, in another random order, on two threads", async () => {
    setEmulator(library!, { multiprocessors: 132, order: 7, workers: 2 });
    await expectConformance({ levels: ["ops"], only: /conv2d|Conv2d|bias|softmax|accuracy|clipByNorm|Dense/ });
  }, 300_000);
});
