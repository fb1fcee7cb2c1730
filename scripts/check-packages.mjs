// Packs every publishable package and checks what a user would install: its manifest (publint) and its types (attw).
import { execSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attw, publint, root } from "./tools.mjs";

const folder = mkdtempSync(join(tmpdir(), "convoy-packages-"));
let failed = false;

/** @param {string[]} command what node runs */
function run(command) {
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  failed ||= status !== 0;
}

for (const name of readdirSync(join(root, "packages"))) {
  const packageRoot = join(root, "packages", name);
  if (!existsSync(join(packageRoot, "package.json"))) continue;
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
  if (manifest.private) continue;
  process.stdout.write(`${manifest.name}\n`);
  const [packed] = JSON.parse(
    execSync(`npm pack --json --pack-destination "${folder}"`, {
      cwd: packageRoot,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  const tarball = join(folder, packed.filename);
  run([publint, "run", tarball, "--strict"]);
  // A package that only brings a command has no types to check.
  if (manifest.exports?.["."]) run([attw, tarball, "--profile", "esm-only", "--no-emoji", "--no-color"]);
}

rmSync(folder, { recursive: true });
process.exitCode = failed ? 1 : 0;
