// Packs every publishable package and checks what a user would install: its manifest (publint) and its types (attw).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack, publishedPackages } from "./packing.mjs";
import { attw, publint } from "./tools.mjs";

const destination = mkdtempSync(join(tmpdir(), "convoy-packages-"));
let failed = false;

/** @param {string[]} command what node runs */
function run(command) {
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  failed ||= status !== 0;
}

for (const { folder, manifest } of publishedPackages) {
  process.stdout.write(`${manifest.name}\n`);
  const tarball = pack(folder, destination);
  run([publint, "run", tarball, "--strict"]);
  // A package that only brings a command has no types to check.
  if (manifest.exports?.["."]) run([attw, tarball, "--profile", "esm-only", "--no-emoji", "--no-color"]);
}

rmSync(destination, { recursive: true });
process.exitCode = failed ? 1 : 0;
