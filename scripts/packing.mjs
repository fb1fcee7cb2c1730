// The packages of this repository, and their tarballs as a user would install them.
import { execSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./tools.mjs";

/**
 * Every workspace: its folder, relative to the root, and its manifest.
 * @type {{ folder: string; manifest: any }[]}
 */
export const workspaces = [
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`),
  "examples/browser",
  "scripts/api-reference",
]
  .filter((folder) => existsSync(join(root, folder, "package.json")))
  .map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")),
  }));

/** The workspaces that are published. */
export const publishedPackages = workspaces.filter(({ manifest }) => !manifest.private);

/**
 * Packs a package as it is built and returns the path of the tarball.
 * @param {string} packageFolder relative to the root
 * @param {string} destination
 * @returns {string}
 */
export function pack(packageFolder, destination) {
  const report = execSync(`npm pack --json --ignore-scripts --pack-destination "${destination}"`, {
    cwd: join(root, packageFolder),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(report);
  return join(destination, packed.filename);
}
