import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ArgumentError } from "@convoy/core";
import type { Counts } from "../ops/opClock.js";
import { bundleSizes } from "./bundleSizes.js";

const run = promisify(execFile);
/** This package as it was built: what measures is the same for both versions. */
const bench = fileURLToPath(new URL("../..", import.meta.url));

/** A version of the repository, built. */
export interface Checkout {
  /** The program of a participant's process that uses this version's packages. */
  readonly program: string;
  /** Bytes of the modules that it was built to, and of a page's bundle of them. */
  readonly sizes: Counts;
  remove(): Promise<void>;
}

/** The root of the repository that the current folder lies in. Throws `ArgumentError` outside of Convoy's. */
export async function repositoryRoot(): Promise<string> {
  const root = await run("git", ["rev-parse", "--show-toplevel"]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
  if (!existsSync(join(root, "packages/core/package.json")) || root === "") {
    throw new ArgumentError("bench compare --base builds versions of Convoy; run it in a clone of its repository");
  }
  return root;
}

/**
 * Checks a version out beside the repository and builds core and a backend there, with the repository's installed packages.
 * Throws `ArgumentError` for a version that git does not know or that cannot be built.
 */
export async function checkOut(root: string, ref: string, backend: string): Promise<Checkout> {
  const parent = await mkdtemp(join(tmpdir(), "convoy-compare-"));
  const folder = join(parent, "convoy");
  const remove = async (): Promise<void> => {
    await run("git", ["worktree", "remove", "--force", folder], { cwd: root }).catch(() => undefined);
    await rm(parent, { recursive: true, force: true });
  };
  try {
    await run("git", ["worktree", "add", "--detach", folder, ref], { cwd: root });
    await linkPackages(root, folder);
    const packages = ["core", ...(backend === "reference" ? [] : [`backend-${backend}`])];
    for (const name of packages) {
      await run("npm", ["run", "build"], { cwd: join(folder, "packages", name), shell: process.platform === "win32" });
    }
    await rm(join(folder, "packages/bench/dist"), { recursive: true, force: true });
    await cp(join(bench, "dist"), join(folder, "packages/bench/dist"), { recursive: true });
    const program = join(folder, "packages/bench/dist/participants/processMain.js");
    const sizes = { ...(await moduleSizes(folder, packages)), ...(await bundleSizes(root, folder, backend)) };
    return { program, sizes, remove };
  } catch (error) {
    await remove();
    throw new ArgumentError(`${ref} cannot be built: ${whatFailed(error as Error & Output)}`);
  }
}

/** What a command has written. */
interface Output {
  readonly stdout?: string;
  readonly stderr?: string;
}

/** The line that says why a command failed: the compiler's first error, else the last that is not npm's advice. */
export function whatFailed({ stdout = "", stderr = "", message }: Output & { readonly message?: string }): string {
  const lines = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");
  return (
    lines(stdout).find((line) => /\berror\b/i.test(line)) ??
    lines(stderr).findLast((line) => !/^npm (error|ERR!|notice|warn)/i.test(line)) ??
    lines(stderr).at(0) ??
    message ??
    "the command failed"
  );
}

/** Installed packages are the repository's own; those of this version stand in for Convoy's. */
async function linkPackages(root: string, folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "@convoy"), { recursive: true });
  for (const name of await readdir(join(root, "node_modules"))) {
    if (name !== "@convoy") {
      await symlink(join(root, "node_modules", name), join(modules, name));
    }
  }
  for (const name of await readdir(join(folder, "packages"))) {
    await symlink(join(folder, "packages", name), join(modules, "@convoy", name));
    const own = join(root, "packages", name, "node_modules");
    if (existsSync(own)) {
      await symlink(own, join(folder, "packages", name, "node_modules"));
    }
  }
}

async function moduleSizes(folder: string, packages: readonly string[]): Promise<Counts> {
  const sizes: Record<string, number> = {};
  for (const name of packages) {
    const dist = join(folder, "packages", name, "dist");
    for (const file of await readdir(dist, { recursive: true })) {
      const kind = /\.(wasm|js)$/.exec(file)?.[0];
      if (kind !== undefined) {
        const key = kind === ".wasm" ? `size of ${name}/${file}` : `size of ${name}, JavaScript`;
        sizes[key] = (sizes[key] ?? 0) + (await stat(join(dist, file))).size;
      }
    }
  }
  return sizes;
}
