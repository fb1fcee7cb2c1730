import type { Backend } from "@convoy/core/backend";
import { randomModelCases, runCase } from "@convoy/core/conformance";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cuda } from "../index.js";
import { countsOf, findEmulator, setEmulator } from "./emulator.js";

/** Trains the first `count` random models of the conformance kit on the emulator, in turn on a small and on a large device. */
export function testRandomModels({ count }: { readonly count: number }): void {
  const { library, note } = findEmulator();
  const cases = randomModelCases(count);
  describe.skipIf(library === undefined)(`random models on the emulator${note}`, () => {
    for (const [index, multiprocessors] of [1, 132].entries()) {
      describe(`${multiprocessors} multiprocessors`, () => {
        let backend: Backend;
        beforeAll(async () => {
          setEmulator(library!, { multiprocessors, order: index + 3 });
          backend = await cuda({ library: library! });
        });
        afterAll(async () => {
          await backend.dispose();
          expect(countsOf(library!).reports).toBe(0);
        });
        for (const test of cases.filter((_, number) => number % 2 === index)) {
          it(test.name, ({ skip }) => runCase(test, backend, skip), 120_000);
        }
      });
    }
  });
}
