import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyBlock, type GuideBlock, guideBlocks } from "./guide.js";
import { copyRepository } from "./repositoryCopy.js";
import { biome, root, typescript, vitest } from "./tools.mjs";

/** The steps of a page that say what to write into which file, by the heading above them. */
function steps(page: string, heading: string): GuideBlock[] {
  const blocks = guideBlocks(readFileSync(join(root, page), "utf8"));
  return blocks.filter(({ section }) => section === heading);
}

const inCore = steps("docs/add-an-op.md", "In core");
const inWasm = steps("packages/backend-wasm/README.md", "Add a kernel");

/** Runs the kit's cases of the new op on the WASM backend, as built. */
const kit = `
import { wasm } from "@convoy/backend-wasm";
import { formatMatrix, runConformance } from "@convoy/core/conformance";

const report = await runConformance(() => wasm({ threads: 2 }), { only: /^cube/, levels: ["ops"] });
console.log(formatMatrix(report));
process.exitCode = report.passed ? 0 : 1;
`;

/** A copy of the repository on which the guide is walked. */
let copy: string;

beforeAll(() => {
  copy = copyRepository("add-an-op");
});

afterAll(() => rmSync(copy, { recursive: true }));

function expectSuccess(...command: string[]): string {
  return succeeds(process.execPath, command);
}

function succeeds(program: string, command: readonly string[], shell = false): string {
  const env = { ...process.env, NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(program, command, { cwd: copy, env, encoding: "utf8", shell });
  const output = `${stdout}${stderr}`;
  expect(status, output).toBe(0);
  return output;
}

/** A script of a package of the copy. On Windows npm is a batch file, which takes a shell. */
function npmRun(script: string, folder: string): void {
  succeeds("npm", ["run", script, "--prefix", folder], process.platform === "win32");
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
}, 300_000);

test("the tests of core check the new op", () => {
  const tests = ["ops/", "conformance/reference", "--testNamePattern", "cube|every op|every file|conforms"];
  const output = expectSuccess(vitest, "run", "--project", "core", "--reporter", "verbose", ...tests);
  expect(output).toMatch(/✓.*gradients against difference quotients > cube/);
}, 300_000);

test("a backend without a kernel for the op reports its cases as unsupported", () => {
  writeFileSync(join(copy, "kit.mjs"), kit);
  npmRun("build", "packages/core");
  npmRun("build", "packages/backend-wasm");
  const output = expectSuccess("kit.mjs");
  expect(output).toMatch(/^cube +- +0\/0, \d+ unsupported$/m);
  expect(output).toContain('the wasm backend has no kernel for "cube"');
  const own = expectSuccess(vitest, "run", "--project", "backend-wasm", "conformance.dist", "--reporter", "verbose");
  expect(own).toMatch(/↓.*cube: 2x5x3x7.*the wasm backend has no kernel for "cube"/);
}, 300_000);

test("the steps in the WASM backend's README give it the kernels, and they pass the kit", () => {
  expect(inWasm.length).toBeGreaterThan(0);
  apply(inWasm);
  npmRun("generate", "packages/backend-wasm");
  npmRun("build", "packages/backend-wasm");
  const output = expectSuccess("kit.mjs");
  expect(output).toMatch(/^cube +- +✓ \d+\/\d+$/m);
  expect(output).toMatch(/^cubeBackward +- +✓ \d+\/\d+$/m);
}, 300_000);
