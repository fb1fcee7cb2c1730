import { randomModelCases, runCase } from "@convoy/core/conformance";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { WasmBackend } from "./index.js";
import { builtPackage } from "./testing/builtPackage.js";

const { wasm } = await builtPackage();

describe.each([1, 2])("random models with threads: %i", (threads) => {
  let backend: WasmBackend;
  beforeAll(async () => {
    backend = await wasm({ threads, shortRunsInline: false });
  });
  afterAll(() => backend.dispose());

  for (const test of randomModelCases(300)) {
    it(test.name, ({ skip }) => runCase(test, backend, skip));
  }
});
