import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyBlock, guideBlocks } from "./guide.js";
import { root, typescript, vitest } from "./tools.mjs";

/** A workspace with nothing in it but a copy of the template. */
let workspace: string;

beforeAll(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), "convoy-template-")));
  cpSync(join(root, "templates/backend"), join(workspace, "packages/backend-mine"), { recursive: true });
  mkdirSync(join(workspace, "scripts"));
  for (const file of ["tsconfig.base.json", "vitest.config.ts"]) {
    cpSync(join(root, file), join(workspace, file));
  }
  symlinkSync(join(root, "node_modules"), join(workspace, "node_modules"), "junction");
});

afterAll(() => rmSync(workspace, { recursive: true }));

function run(command: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: workspace, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

test("a copy of the backend template compiles", () => {
  const { status, output } = run([typescript, "-p", "packages/backend-mine"]);
  expect(output).toBe("");
  expect(status).toBe(0);
});

test("a copy of the backend template passes the conformance kit", () => {
  const { status, output } = run([vitest, "run", "--project", "backend-mine"]);
  expect(output).toContain("template on host memory: passed");
  expect(status).toBe(0);
}, 300_000);

test("the steps of the guide add a fused kernel to the copy, and the kit uses it", () => {
  const blocks = guideBlocks(readFileSync(join(root, "docs/add-a-backend.md"), "utf8"));
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) {
    applyBlock(workspace, block);
  }
  expect(run([typescript, "-p", "packages/backend-mine"])).toEqual({ status: 0, output: "" });
  const { status, output } = run([vitest, "run", "--project", "backend-mine"]);
  expect(status, output).toBe(0);
  expect(output).toMatch(/^fusedDense +- +✓/m);
}, 300_000);
