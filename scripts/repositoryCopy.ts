import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./tools.mjs";

/** Packages of this repository, where node_modules links to. */
const scope = "@convoy";

/**
 * A copy of the files that git knows of or does not ignore, in a new temporary folder. Dependencies are links to the installed
 * ones; the packages of the repository itself are the copy's own.
 */
export function copyRepository(name: string): string {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), `convoy-${name}-`)));
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  for (const file of list.split("\0").filter((path) => path !== "" && existsSync(join(root, path)))) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  linkDependencies("node_modules", copy);
  for (const folder of readdirSync(join(root, "packages"))) {
    linkDependencies(join("packages", folder, "node_modules"), copy);
  }
  return copy;
}

function linkDependencies(modules: string, copy: string): void {
  const installed = join(root, modules);
  if (!existsSync(installed)) {
    return;
  }
  mkdirSync(join(copy, modules, scope), { recursive: true });
  for (const entry of readdirSync(installed).filter((entry) => entry !== scope && !entry.startsWith(".cache"))) {
    symlinkSync(join(installed, entry), join(copy, modules, entry), "junction");
  }
  const own = join(installed, scope);
  for (const entry of existsSync(own) ? readdirSync(own) : []) {
    const target = realpathSync(join(own, entry));
    const inCopy = target.startsWith(root) ? join(copy, target.slice(root.length)) : target;
    symlinkSync(inCopy, join(copy, modules, scope, entry), "junction");
  }
}
