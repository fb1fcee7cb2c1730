import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyBlock, type GuideBlock, guideBlocks } from "./guide.js";
import { copyRepository } from "./repositoryCopy.js";
import { biome, root, typescript, vitest } from "./tools.mjs";

const blocks = guideBlocks(readFileSync(join(root, "docs/add-an-op.md"), "utf8"));
const inCore = blocks.filter(({ section }) => section === "In core");

/** A copy of the repository on which the guide is walked. */
let copy: string;

beforeAll(() => {
  copy = copyRepository("add-an-op");
});

afterAll(() => rmSync(copy, { recursive: true }));

function run(...command: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: copy,
    env: { ...process.env, NO_COLOR: "1" },
    encoding: "utf8",
  });
  return { status, output: `${stdout}${stderr}` };
}

function expectSuccess(...command: string[]): string {
  const { status, output } = run(...command);
  expect(status, output).toBe(0);
  return output;
}

function apply(chosen: readonly GuideBlock[]): void {
  for (const block of chosen) {
    applyBlock(copy, block);
  }
  const files = [...new Set(chosen.map(({ path }) => path))];
  expectSuccess(biome, "check", "--vcs-enabled=false", "--error-on-warnings", ...files);
}

test("the steps in core change core alone, and every package still compiles", () => {
  expect(inCore.length).toBeGreaterThan(0);
  expect(inCore.filter(({ path }) => !path.startsWith("packages/core/"))).toEqual([]);
  apply(inCore);
  const packages = readdirSync(join(copy, "packages")).map((name) => join("packages", name));
  for (const folder of [...packages, "templates/backend"]) {
    expectSuccess(typescript, "-p", folder);
  }
}, 120_000);

test("the tests of core check the new op", () => {
  const tests = ["ops/", "conformance/reference", "--testNamePattern", "square|every op|every file|conforms"];
  const output = expectSuccess(vitest, "run", "--project", "core", "--reporter", "verbose", ...tests);
  expect(output).toMatch(/✓.*gradients against difference quotients > square/);
}, 120_000);
