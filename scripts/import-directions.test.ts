import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coreImports, drawImports, reachable } from "./importTable.mjs";
import { biome, dependencyCruiser, root } from "./tools.mjs";

/** A repository in miniature: what each file holds. */
const files: Record<string, string> = {
  "packages/core/package.json": JSON.stringify({
    name: "@convoy/core",
    exports: {
      ".": { "@convoy/source": "./src/index.ts", default: "./dist/index.js" },
      "./backend": { "@convoy/source": "./src/backend/index.ts", default: "./dist/backend/index.js" },
      "./reference": { "@convoy/source": "./src/reference/index.ts", default: "./dist/reference/index.js" },
    },
    imports: { "#terminal": { "@convoy/source": "./src/callbacks/terminal.ts", default: "./dist/terminal.js" } },
  }),
  "packages/core/src/errors.ts": "export class Failure extends Error {}",
  "packages/core/src/index.ts": 'export * from "./model/index.js";',
  "packages/core/src/backend/index.ts": 'export type { Op } from "../ops/index.js";',
  "packages/core/src/model/index.ts": 'export { show } from "#terminal";',
  "packages/core/src/callbacks/terminal.ts": "export const show = 1;",
  "packages/core/src/reference/index.ts": 'export type { Op } from "../ops/index.js";',
  "packages/core/src/ops/index.ts": 'import type { Failure } from "../errors.js";\nexport type Op = Failure;',
  "packages/core/src/ops/index.test.ts": 'import "../reference/index.js";',
  "packages/core/src/ops/value.ts": 'import { show } from "../model/index.js";\nshow;',
  "packages/core/src/ops/type.ts": 'import type { show } from "../model/index.js";\nexport type Show = typeof show;',
  "packages/core/src/ops/dynamic.ts": 'await import("../model/index.js");',
  "packages/core/src/ops/deep/down.ts": 'import "../index.js";\nexport * from "../../reference/index.js";',
  "packages/core/src/plan/one.ts": 'export { other } from "./two.js";',
  "packages/core/src/plan/two.ts": 'import type { other as own } from "./one.js";\nexport const other: typeof own = 1;',
  "packages/core/src/ops/missing.ts": 'import "./nowhere.js";',
  "packages/core/src/novelty/index.ts": 'import "../errors.js";',
  "packages/core/src/model/upwards.test.ts": 'import "@convoy/backend-one";',
  "packages/backend-one/package.json": JSON.stringify({ name: "@convoy/backend-one", exports: "./src/index.ts" }),
  "packages/backend-one/src/index.ts": 'import type { Op } from "@convoy/core/backend";\nexport type Mine = Op;',
  "packages/backend-one/src/root.ts": 'import "@convoy/core";',
  "packages/backend-one/src/run/hostFallback.ts": 'import "@convoy/core/reference";',
  "packages/backend-one/src/oracle.ts": 'import "@convoy/core/reference";',
  "packages/backend-one/src/root.test.ts": 'import "@convoy/core";',
  "packages/backend-two/src/index.ts": 'import "@convoy/backend-one";',
  "packages/backend-two/src/bench.ts": 'import "../../bench/src/cli.js";',
  "packages/bench/src/cli.ts": 'import "@convoy/backend-one";\nimport "@convoy/core";',
};

const violations = [
  "core-ops: packages/core/src/ops/value.ts -> packages/core/src/model/index.ts",
  "core-ops: packages/core/src/ops/type.ts -> packages/core/src/model/index.ts",
  "core-ops: packages/core/src/ops/dynamic.ts -> packages/core/src/model/index.ts",
  "core-ops: packages/core/src/ops/deep/down.ts -> packages/core/src/reference/index.ts",
  "no-circles: packages/core/src/plan/one.ts -> packages/core/src/plan/two.ts",
  "resolvable: packages/core/src/ops/missing.ts -> ./nowhere.js",
  "core-unnamed: packages/core/src/novelty/index.ts -> packages/core/src/errors.ts",
  "core-is-the-bottom: packages/core/src/model/upwards.test.ts -> packages/backend-one/src/index.ts",
  "backend-contract: packages/backend-one/src/root.ts -> packages/core/src/index.ts",
  "backend-contract: packages/backend-one/src/oracle.ts -> packages/core/src/reference/index.ts",
  "backend-to-backend: packages/backend-two/src/index.ts -> packages/backend-one/src/index.ts",
  "bench-is-the-top: packages/backend-two/src/bench.ts -> packages/bench/src/cli.ts",
];

let repository: string;

beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), "convoy-imports-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(repository, dirname(path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  mkdirSync(join(repository, "node_modules/@convoy"), { recursive: true });
  for (const name of ["core", "backend-one"]) {
    symlinkSync(join(repository, "packages", name), join(repository, "node_modules/@convoy", name), "junction");
  }
});

afterAll(() => rmSync(repository, { recursive: true }));

/** The standard output of a tool that runs in the miniature repository, whether it succeeds or not. */
function run(tool: string, args: string[]): string {
  try {
    return execFileSync(process.execPath, [tool, ...args], { cwd: repository, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test("every planted violation is found, and nothing else", () => {
  const config = join(root, ".dependency-cruiser.mjs");
  const report = JSON.parse(run(dependencyCruiser, [".", "--config", config, "--output-type", "json"]));
  const found = report.summary.violations.map(
    (violation: { rule: { name: string }; from: string; to: string }) =>
      `${violation.rule.name}: ${violation.from} -> ${violation.to}`,
  );
  expect(found.sort()).toEqual(violations.sort());
});

test("the type form of import(), which that check does not see, is refused", () => {
  writeFileSync(join(repository, "hidden.ts"), 'export type Hidden = import("./errors.js").Failure;\n');
  const plugin = join(root, "scripts/no-import-types.grit");
  writeFileSync(join(repository, "biome.json"), JSON.stringify({ plugins: [plugin] }));
  const report = JSON.parse(run(biome, ["lint", "hidden.ts", "--reporter", "json"]));
  expect(report.summary.errors).toBe(1);
});

test("the table of imports allows nothing that no file needs, and no circle of folders", () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [dependencyCruiser, "packages/core", "--output-type", "json"],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    },
  );
  expect(status).toBe(0);
  const folderOf = (path: string): string | undefined => /^packages\/core\/src\/([^/.]+)/.exec(path)?.[1];
  const found: Record<string, string[]> = Object.fromEntries(Object.keys(coreImports).map((name) => [name, []]));
  for (const { source, dependencies } of JSON.parse(stdout).modules) {
    const from = folderOf(source);
    if (from !== undefined && !/[.]test[.]ts$|\/testing\//.test(source)) {
      const to = dependencies.flatMap(({ resolved }: { resolved: string }) => folderOf(resolved) ?? []);
      found[from] = [...new Set([...(found[from] ?? []), ...to])].filter((name) => name !== from).sort();
    }
  }
  expect(coreImports).toEqual(found);
  const inCircle = Object.keys(coreImports).filter((name) => reachable(name).has(name));
  expect(inCircle).toEqual([]);
});

test("the diagram in docs/architecture.md is that table", () => {
  const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
  expect(page).toContain(`\`\`\`\n${drawImports()}\n\`\`\`\n`);
});
