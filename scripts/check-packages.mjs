// Packs every publishable package and checks what a user would install: its manifest (publint), its types (attw), and whether
// a user's program compiles. consumers.long.test.ts compiles it with other compilers too, and runs it.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { compileConsumer, environments, writeConsumer } from "./consumers.mjs";
import { pack, publishedPackages } from "./packing.mjs";
import { attw, publint, root, typescript } from "./tools.mjs";

const destination = realpathSync(mkdtempSync(join(tmpdir(), "convoy-packages-")));
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
  const installed = join(destination, "node_modules", manifest.name);
  mkdirSync(installed, { recursive: true });
  // By a relative path, because tar may take the colon of a drive for that of a host.
  const unpack = ["-xzf", relative(installed, tarball), "--strip-components=1"];
  failed ||= spawnSync("tar", unpack, { cwd: installed }).status !== 0;
}

// Of other packages the program has Node's types alone.
symlinkSync(join(root, "node_modules/@types"), join(destination, "node_modules/@types"), "junction");
writeFileSync(join(destination, "package.json"), JSON.stringify({ type: "module" }));
writeConsumer(destination);
for (const [index, { name }] of environments.entries()) {
  const objections = compileConsumer(destination, typescript, index);
  if (objections === "") continue;
  process.stdout.write(`A user's program for ${name} does not compile:\n${objections}`);
  failed = true;
}

rmSync(destination, { recursive: true });
process.exitCode = failed ? 1 : 0;
