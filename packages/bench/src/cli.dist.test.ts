import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "convoy-bench-test-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the built command. */
function bench(...args: string[]): Promise<{ status: number; out: string; error: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [cli, ...args], { cwd: folder }, (_, out, error) =>
      resolve({ status: child.exitCode ?? -1, out, error }),
    );
  });
}

it("measures, prints a table and writes JSON where it was started", async () => {
  const args = "ops --backends reference,cuda --filter accuracy --batch-size 2 --json ops.json".split(" ");
  const { status, out, error } = await bench(...args);
  expect({ status, error }).toEqual({ status: 0, error: "" });
  expect(out).toMatch(/^accuracy +2x10, 2 -> 1 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$/m);
  const report = JSON.parse(readFileSync(join(folder, "ops.json"), "utf8"));
  expect(report.backends.map(({ backend }: { backend: string }) => backend)).toEqual(["reference", "cuda"]);
});

it("measures a third party's backend, and says before anything is measured that one cannot be loaded", async () => {
  const fixture = fileURLToPath(new URL("../fixtures/otherBackend.js", import.meta.url));
  const { status, out, error } = await bench("ops", "--backend", fixture, "--filter", "accuracy", "--batch-size", "2");
  expect({ status, error }).toEqual({ status: 0, error: "" });
  expect(out).toMatch(/^other: a device of its own$/m);
  const missing = await bench("ops", "--backend", "./none.js");
  expect(missing.status).toBe(1);
  expect(missing.error).toMatch(/^bench: --backend .\/none.js: there is no module .*none.js. Name the file .*\n$/);
  expect(missing.out).toBe("");
});

it("ends with status 1 and one line for what it cannot do", async () => {
  const unknown = await bench("--backends", "vulkan");
  expect(unknown.status).toBe(1);
  expect(unknown.error).toMatch(/^error: .*\n$/);
  const unwritable = await bench("--json", join(folder, "none", "out.json"));
  expect(unwritable.status).toBe(1);
  expect(unwritable.error).toMatch(/^bench: --json .* cannot be written: .*\n$/);
  expect(unwritable.out).toBe("");
});

it("shows help and ends well", async () => {
  const { status, out } = await bench("--help");
  expect(status).toBe(0);
  expect(out).toContain("Usage: bench [options] [command]");
});
