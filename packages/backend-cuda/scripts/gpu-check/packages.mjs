// The packages under check, as they are installed where this runs: their names are resolved there, not in the repository.
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const app = fileURLToPath(new URL("../package.json", import.meta.url));

/**
 * @param {string} name a package, with or without a path that it exports
 * @returns {Promise<any>}
 */
export function importPackage(name) {
  return import(name);
}

/**
 * A file of an installed package.
 * @param {string} name @param {string} file
 */
export function packageFile(name, file) {
  for (const folder of createRequire(pathToFileURL(app)).resolve.paths(name) ?? []) {
    const path = join(folder, name, file);
    return path;
  }
  return file;
}
