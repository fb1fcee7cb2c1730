import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyBlock, guideBlocks } from "./guide.js";
import { root, typescript, vitest } from "./tools.mjs";

const page = readFileSync(join(root, "docs/when-a-number-is-wrong.md"), "utf8");
const blocks = guideBlocks(page);

/** A workspace with one package that holds the programs of the page. */
let workspace: string;

beforeAll(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), "convoy-wrong-")));
  const folder = join(workspace, "packages/page");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(workspace, "scripts"));
  for (const file of ["tsconfig.base.json", "vitest.config.ts"]) {
    cpSync(join(root, file), join(workspace, file));
  }
  symlinkSync(join(root, "node_modules"), join(workspace, "node_modules"), "junction");
  cpSync(join(root, "templates/backend/tsconfig.json"), join(folder, "tsconfig.json"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "page", type: "module", private: true }));
  for (const block of blocks) {
    applyBlock(join(folder, "src"), block);
  }
  const programs = blocks.map(({ path }) => path.replace(/[.]ts$/, "")).filter((name) => name !== "myBackend");
  const tests = programs.map((name) => `it(${JSON.stringify(name)}, () => import("./${name}.js"));`);
  writeFileSync(join(folder, "src/page.test.ts"), ['import { it } from "vitest";', ...tests, ""].join("\n"));
});

afterAll(() => rmSync(workspace, { recursive: true }));

function run(...command: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: workspace,
    env: { ...process.env, NO_COLOR: "1" },
    encoding: "utf8",
  });
  return { status, output: `${stdout}${stderr}` };
}

test("the programs of the page compile", () => {
  expect(blocks.map(({ path }) => path)).toEqual(["kit.ts", "compare.ts", "myBackend.ts", "plan.ts", "oneOp.ts"]);
  expect(run(typescript, "-p", "packages/page")).toEqual({ status: 0, output: "" });
}, 120_000);

test("they run and print what the page says", () => {
  const { status, output } = run(vitest, "run", "--project", "page");
  expect(status, output).toBe(0);
  const [table, conclusion] = /```text\n([^`]*\n)(The first [^:]*): [^`]*```/s.exec(page)!.slice(1);
  // The numbers behind may differ in their last digits from one JavaScript engine to the next.
  expect(output).toContain(`${table}${conclusion}: `);
  expect(output).toMatch(/^4 1$/m);
  expect(output).toMatch(/^true$/m);
  expect(output).toMatch(/^conv2dBackwardFilter .*✓/m);
  expect(output).toMatch(/^train plan, batch of 4/m);
}, 300_000);
