import type { Backend } from "@convoy/core/backend";
import { type ConformanceOptions, conformanceCases, runCase } from "@convoy/core/conformance";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cuda } from "./index.js";
import { countsOf, findEmulator, type Settings, setEmulator } from "./testing/emulator.js";

const { library, note } = findEmulator();

/** The cases as tests, on an emulated device with these settings. */
function testConformance(options: ConformanceOptions, settings: Settings = {}): void {
  let backend: Backend;
  beforeAll(async () => {
    setEmulator(library!, settings);
    backend = await cuda({ library: library! });
  });
  afterAll(async () => {
    await backend.dispose();
    expect(countsOf(library!).reports).toBe(0);
  });
  for (const test of conformanceCases(options)) {
    it(test.name, ({ skip }) => runCase(test, backend, skip), 300_000);
  }
}

describe.skipIf(library === undefined)(`conformance on the emulator${note}`, () => {
  describe("smoke, ops and steps", () => testConformance({ levels: ["smoke", "ops", "step"] }));

  describe("learning curves", () => testConformance({ levels: ["curve"] }));

  // Large tiles are for large layers; a device of one multiprocessor is content with few blocks.
  describe("ops in large tiles, threads backwards", () =>
    testConformance({ levels: ["ops"], only: /conv2d|Conv2d|matMul|Dense/ }, { multiprocessors: 1, order: 1 }));

  describe("ops on a large device, in another random order, on two threads", () =>
    testConformance(
      {
        levels: ["ops"],
        only: /conv2d|Conv2d|bias|softmax|accuracy|clipByNorm|Dense|Norm|penalty|weightedMean|transpose/,
      },
      { multiprocessors: 132, order: 7, workers: 2 },
    ));
});
