// The kernels' sources and their hashes.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Files in a folder of the package, at any depth where `recursive`, with one of these endings, sorted.
 * @param {string} folder
 * @param {string[]} endings
 */
export function sourcesOf(folder, endings, recursive = false) {
  return readdirSync(join(packageRoot, folder), { recursive, encoding: "utf8" })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort();
}

/** @param {string | Uint8Array} content */
export function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Hash of each file by its path.
 * @param {string[]} files paths in the package
 * @returns {Record<string, string>}
 */
export function hashesOf(files) {
  return Object.fromEntries(files.map((file) => [file, sha256(readFileSync(join(packageRoot, file)))]));
}

/** What the kernel image is made of. */
export function kernelSources() {
  return sourcesOf("kernels", [".cu", ".h"], true);
}
