import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { conformanceCases, formatMatrix, runCase, runConformance } from "@convoy/core/conformance";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { WasmBackend } from "./index.js";
import { builtPackage } from "./testing/builtPackage.js";

const { wasm } = await builtPackage();

/** For tests that run the whole kit. */
const wholeKit = 120_000;

for (const threads of [1, 2, 3]) {
  describe(`with ${threads} threads`, () => {
    let backend: WasmBackend;
    beforeAll(async () => {
      backend = await wasm({ threads, shortRunsInline: false });
    });
    afterAll(() => backend.dispose());

    for (const test of conformanceCases()) {
      it(test.name, ({ skip }) => runCase(test, backend, skip));
    }
  });
}

it(
  "prints the matrix of ops by levels",
  async () => {
    const report = await runConformance(() => wasm({ debug: true }));
    console.log(formatMatrix(report));
    expect(report.failures).toEqual([]);
  },
  wholeKit,
);

it(
  "passes where memory cannot be shared",
  async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    try {
      const report = await runConformance(() => wasm());
      expect(report.failures).toEqual([]);
    } finally {
      vi.unstubAllGlobals();
    }
  },
  wholeKit,
);

it(
  "passes with relaxed SIMD",
  () => {
    // Node 20 has relaxed SIMD behind a flag, so the kit runs in a process of its own; later versions have it as it is.
    const flag = Number.parseInt(process.versions.node, 10) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
    const kit = `
    import { runConformance } from "@convoy/core/conformance";
    import { wasm } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
    let variant;
    const report = await runConformance(async () => {
      const backend = await wasm();
      variant = backend.device.details.variant;
      return backend;
    });
    const failures = report.failures.map(({ message }) => message);
    console.log(JSON.stringify({ variant, passed: report.passed, failures }));
  `;
    const flags = [...flag, "--input-type=module", "-e", kit];
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ variant: "threads-relaxed", passed: true, failures: [] });
  },
  wholeKit,
);
