import { execSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileConsumer, environments, writeConsumer } from "./consumers.mjs";
import { pack, publishedPackages } from "./packing.mjs";
import { root, typescript } from "./tools.mjs";

/** The compilers of users: the newest patch of each, from npm. */
const compilers = ["5.6", "5.9", "6.0", "7.0"];

/** Bun and Deno ship through npm, a package for each platform. undefined where there is none. */
const { arch, platform } = process;
const bun = { linux: "linux", darwin: "darwin", win32: "windows" }[platform as string];
const bunPackage = bun && `@oven/bun-${bun}-${arch === "arm64" ? "aarch64" : "x64"}`;
const deno = { linux: `linux-${arch}-glibc`, darwin: `darwin-${arch}`, win32: `win32-${arch}` }[platform as string];
const denoPackage = deno && `@deno/${deno}`;
const suffix = platform === "win32" ? ".exe" : "";

/** A user's project with the packed packages installed. */
let project: string;

beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "convoy-consumers-")));
  const tarballs = publishedPackages.map(({ folder, manifest }) => [manifest.name, `file:${pack(folder, project)}`]);
  const runtimes = [...(bunPackage ? [[bunPackage, "1.4.5"]] : []), ...(denoPackage ? [[denoPackage, "2.9.6"]] : [])];
  const nodeTypes = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies["@types/node"];
  const dependencies = Object.fromEntries([
    ...tarballs,
    ...runtimes,
    ...compilers.map((version) => [`typescript-${version}`, `npm:typescript@~${version}.0`]),
    ["@types/node", nodeTypes],
  ]);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  execSync("npm install --no-audit --no-fund --ignore-scripts", { cwd: project, stdio: "pipe" });
  writeConsumer(project);
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe.each(compilers)("TypeScript %s", (version) => {
  test.each(environments.map(({ name }, index) => [name, index] as const))(
    "compiles the published types for %s",
    (_, index) => {
      const compiler = join(project, `node_modules/typescript-${version}/bin/tsc`);
      expect(compileConsumer(project, compiler, index)).toBe("");
    },
  );
});

type Report = Record<string, number[] | string>;

/** Compiles the program, runs it and reads its report. */
function train(executable: string, args: readonly string[]): Report {
  expect(compileConsumer(project, typescript, 1)).toBe("");
  const program = join("compiled", "consumer.js");
  const { status, stdout, stderr } = spawnSync(executable, [...args, program], { cwd: project, encoding: "utf8" });
  expect(`${status} ${stderr}`).toMatch(/^0 /);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

const runtimes: readonly { name: string; executable: string | undefined; args: readonly string[] }[] = [
  { name: "Node", executable: process.execPath, args: [] },
  { name: "Bun", executable: bunPackage && `node_modules/${bunPackage}/bin/bun${suffix}`, args: ["run"] },
  {
    name: "Deno",
    executable: denoPackage && `node_modules/${denoPackage}/deno${suffix}`,
    args: ["run", "--allow-all", "--node-modules-dir=manual"],
  },
];

describe.each(runtimes)("$name", ({ executable, args }) => {
  test.skipIf(!executable)("trains with the packed packages", ({ skip }) => {
    const path = join(project, executable!);
    skip(executable !== process.execPath && !existsSync(path), "npm has no such package for this platform");
    const report = train(executable === process.execPath ? executable : path, args);
    const { reference, wasm } = report as Record<string, number[]>;
    expect(reference).toHaveLength(3);
    expect(reference![2]).toBeLessThan(reference![0]!);
    for (const [epoch, loss] of reference!.entries()) expect(wasm![epoch]).toBeCloseTo(loss, 3);
  });
});

test("the bench command that is packed runs", () => {
  const command = ["bench", "--backends", "wasm", "--dataset", "synthetic", "--train-samples", "128", "--epochs", "1"];
  const output = execSync(`npm exec --offline -- ${command.join(" ")}`, {
    cwd: project,
    encoding: "utf8",
    stdio: "pipe",
  });
  expect(output).toContain("wasm");
});
