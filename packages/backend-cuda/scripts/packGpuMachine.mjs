// Packs what a GPU machine without Node and without a network needs into .gpu-package/: Node itself, the built packages
// with all they depend on, the kernels, and scripts/gpu-check. There, `bash .gpu-package/run.sh` unpacks and checks it.
// Run `npm run build` and `npm run build:kernels` before.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageRoot } from "./sources.mjs";

const repository = join(packageRoot, "../..");
const target = join(packageRoot, ".gpu-package");
const work = mkdtempSync(join(tmpdir(), "convoy-gpu-package-"));
const own = ["core", "backend-cuda", "bench"];

/** @param {string} folder @returns {Record<string, any>} */
function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/**
 * Folder of a dependency as Node finds it from `from`.
 * @param {string} name @param {string} from
 */
function resolvePackage(name, from) {
  for (const folder of createRequire(join(from, "package.json")).resolve.paths(name) ?? []) {
    if (existsSync(join(folder, name, "package.json"))) return realpathSync(join(folder, name));
  }
  return undefined;
}

/** @type {Set<string>} */
const packed = new Set();

/**
 * Copies a package and what it depends on. Two versions of one package would need nested folders; there are none.
 * @param {string} name @param {string} folder
 */
function pack(name, folder) {
  if (packed.has(name)) return;
  packed.add(name);
  const to = join(work, "app/node_modules", name);
  cpSync(folder, to, {
    recursive: true,
    filter: (path) =>
      !/\/(node_modules|src|emulator|\.turbo|\.gpu-package)(\/|$)/.test(path.slice(folder.length)) || name === "koffi",
  });
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const found = resolvePackage(dependency, folder);
    if (found) pack(dependency, found);
  }
}

try {
  for (const name of own) {
    const folder = join(repository, "packages", name);
    if (!existsSync(join(folder, "dist"))) throw new Error(`packages/${name} is not built; run \`npm run build\``);
    pack(`@convoy/${name}`, folder);
  }
  if (!existsSync(join(packageRoot, "cubins"))) throw new Error("there are no cubins; run `npm run build:kernels`");
  cpSync(join(packageRoot, "scripts/gpu-check"), join(work, "app/gpu-check"), { recursive: true });

  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  const node = join(work, "node");
  cpSync(process.execPath, node);
  // Debug symbols are two thirds of it. Where strip is missing the package is larger.
  spawnSync("strip", [node]);
  execFileSync("tar", ["-C", work, "-cJf", join(target, "app.tar.xz"), "node", "app"], {
    env: { ...process.env, XZ_OPT: "-3 -T0" },
  });
  cpSync(join(packageRoot, "scripts/gpu-check/run.sh"), join(target, "run.sh"));
  const bytes = statSync(join(target, "app.tar.xz")).size;
  process.stdout.write(
    `${join(dirname(target), ".gpu-package")}: ${(bytes / 2 ** 20).toFixed(1)} MiB, ${packed.size} packages\n`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
