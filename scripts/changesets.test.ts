import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workspaces } from "./packing.mjs";
import { changeset, root } from "./tools.mjs";

type Level = "patch" | "minor" | "major";
const levels: readonly Level[] = ["patch", "minor", "major"];
interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** A repository of manifests and changesets alone: `main` is the last release, the branch on top brings the changesets. */
let repository: string;

const changesets = readdirSync(join(root, ".changeset")).filter((file) => /^(?!README).*[.]md$/.test(file));
/** What the highest of the changesets asks for. All packages share one version, so it is the level of every package. */
const asked = Math.max(
  ...changesets.flatMap((file) =>
    [
      ...readFileSync(join(root, ".changeset", file), "utf8").matchAll(/^"@convoy\/[^"]+": (patch|minor|major)\r?$/gm),
    ].map(([, level]) => levels.indexOf(level as Level)),
  ),
);

function git(...args: string[]): void {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...identity, ...args], { cwd: repository, stdio: "pipe" });
}

function copy(path: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  cpSync(join(root, path), join(repository, path));
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(join(repository, path), "utf8"));
}

function changesetCommand(...args: string[]): void {
  execFileSync(process.execPath, [changeset, ...args], { cwd: repository, stdio: "pipe" });
}

beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), "convoy-changesets-"));
  git("init", "--quiet", "--initial-branch", "main");
  for (const path of ["package.json", "package-lock.json", ".changeset/config.json"]) copy(path);
  for (const { folder } of workspaces) copy(`${folder}/package.json`);
  git("add", "--all");
  git("commit", "--quiet", "--message", "The last release");
  git("switch", "--quiet", "--create", "changes");
  for (const file of changesets) copy(`.changeset/${file}`);
  git("add", "--all");
  // Empty after a release, when there is no changeset yet.
  git("commit", "--quiet", "--allow-empty", "--message", "Changes");
});

afterAll(() => rmSync(repository, { recursive: true, force: true }));

function next(version: string): string {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  return [`${major}.${minor}.${patch + 1}`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`][asked]!;
}

test.skipIf(changesets.length === 0)("the next release has the level that the changesets ask for", () => {
  changesetCommand("status", "--output", "status.json");
  const { releases } = JSON.parse(readFileSync(join(repository, "status.json"), "utf8"));
  const expected = workspaces
    .filter(({ manifest }) => !manifest.private)
    .map(({ manifest }) => `${manifest.name} ${next(manifest.version)}`);
  const found = releases
    // Private packages are named too, as dependents that get no version.
    .filter((release: { type: string }) => release.type !== "none")
    .map((release: { name: string; newVersion: string }) => `${release.name} ${release.newVersion}`);
  expect(found.sort()).toEqual(expected.sort());
});

test.skipIf(changesets.length === 0)("a new version leaves ranges among the packages that it satisfies", () => {
  const before = new Map(workspaces.map(({ folder }) => [folder, read(`${folder}/package.json`)]));
  changesetCommand("version");
  for (const { folder, manifest } of workspaces) {
    const after = read(`${folder}/package.json`);
    if (!manifest.private) expect(after.version).toBe(next(manifest.version));
    expect(after.peerDependencies).toEqual(before.get(folder)!.peerDependencies);
    expect(after.devDependencies).toEqual(before.get(folder)!.devDependencies);
    for (const [name, range] of Object.entries(after.dependencies ?? {})) {
      // Exact, or whatever there is.
      if (name.startsWith("@convoy/")) expect(["*", next(manifest.version ?? "0.0.0")]).toContain(range);
    }
  }
});

test("every package asks for its peers among the packages by one range", () => {
  const template = JSON.parse(readFileSync(join(root, "templates/backend/package.json"), "utf8"));
  const ranges = [...workspaces.map(({ manifest }) => manifest), template].flatMap((manifest: Manifest) =>
    Object.entries(manifest.peerDependencies ?? {}).flatMap(([name, range]) =>
      name.startsWith("@convoy/") ? [range] : [],
    ),
  );
  expect([...new Set(ranges)]).toEqual([">=0.0.0 <1.0.0"]);
});
