import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkOutput, writeOutput } from "./outputFile.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "convoy-bench-test-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

it("writes a report, also over an earlier one", async () => {
  const file = join(folder, "out.json");
  for (const report of [{ schema: 1 }, { schema: 1, results: [] }]) {
    await checkOutput("--json", file);
    await writeOutput(file, JSON.stringify(report));
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(report);
  }
});

it("knows beforehand that a file cannot be written", async () => {
  await expect(checkOutput("--json", folder)).rejects.toThrow(`--json ${folder} is a folder; name a file`);
  await expect(checkOutput("--json", join(folder, "none", "out.json"))).rejects.toThrow("cannot be written: ENOENT");
});

it("does nothing for a file that is not wanted", async () => {
  await checkOutput("--json", undefined);
  await writeOutput(undefined, "");
});
