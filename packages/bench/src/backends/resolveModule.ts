import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ArgumentError } from "@convoy/core";

/** A target in the `exports` of a package: a path, or paths by condition, or several of which the first fits. */
type ExportTarget = string | null | readonly ExportTarget[] | { readonly [condition: string]: ExportTarget };

/** Conditions that `import` goes by. */
const conditions = ["import", "module-sync", "node", "default"];

/**
 * The address of a module as `import` takes it: a path from `folder` on, a package installed there or beside bench.
 * Throws `ArgumentError` that says where it was looked for.
 */
export function resolveModule(specifier: string, folder: string): string {
  if (specifier.startsWith("file:")) {
    return specifier;
  }
  const isPath = /^[./\\]|^[A-Za-z]:[\\/]/.test(specifier);
  const file = isPath
    ? resolveFrom(specifier, folder)
    : (resolveFrom(specifier, folder) ??
      resolveFrom(specifier, dirname(fileURLToPath(import.meta.url))) ??
      resolveFrom(`./${specifier}`, folder));
  if (file === undefined) {
    const isFile = isPath || /\.[cm]?[jt]s$/.test(specifier);
    throw new ArgumentError(isFile ? noFile(specifier, folder) : noPackage(specifier, folder));
  }
  return pathToFileURL(file).href;
}

function resolveFrom(specifier: string, folder: string): string | undefined {
  const require = createRequire(join(folder, "bench"));
  try {
    const file = require.resolve(specifier);
    // Node's own modules have names for addresses.
    return isAbsolute(file) ? file : undefined;
  } catch (error) {
    // `require` goes by other conditions than `import`: a package may be there for `import` alone.
    return codeOf(error) === "ERR_PACKAGE_PATH_NOT_EXPORTED" ? importTarget(specifier, require) : undefined;
  }
}

/** The file that a package has for `import`; undefined where it has none. */
function importTarget(specifier: string, require: NodeJS.Require): string | undefined {
  const [, name, subpath] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier)!;
  for (const modules of require.resolve.paths(specifier) ?? []) {
    const folder = join(modules, name!);
    try {
      const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const hasPaths = typeof exports === "object" && Object.keys(exports).some((key) => key.startsWith("."));
      const file = fileOf(hasPaths ? exports[`.${subpath}`] : subpath === "" ? exports : undefined);
      return file === undefined ? undefined : join(folder, file);
    } catch {
      // Not in this folder, but maybe in one further up.
    }
  }
  return undefined;
}

function fileOf(target: ExportTarget | undefined): string | undefined {
  if (typeof target === "string") {
    return target;
  }
  if (typeof target !== "object" || target === null) {
    return undefined;
  }
  const choices = Array.isArray(target)
    ? target
    : Object.entries(target).flatMap(([condition, choice]) => (conditions.includes(condition) ? [choice] : []));
  return choices.map(fileOf).find((file) => file !== undefined);
}

function noFile(specifier: string, folder: string): string {
  return (
    `--backend ${specifier}: there is no module ${resolve(folder, specifier)}. ` +
    "Name the file that exports the backend, such as ./dist/index.js; paths start from the current folder"
  );
}

function noPackage(specifier: string, folder: string): string {
  return (
    `--backend ${specifier}: no such package, neither from ${folder} nor beside bench. ` +
    `Install it with npm install ${specifier}, or pass the path of a file, such as ./my-backend.js`
  );
}

/** The code that Node gives an error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
