import { readdir, readFile, realpath, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, ModelFileError, stores } from "@convoy/core";
import type { PathFile } from "./pathFile.js";

/** A file, or the model.json of a folder. Throws `ModelFileError` where there is none that can be read. */
export async function readPath(given: string | URL): Promise<PathFile> {
  let path = given instanceof URL ? fileURLToPath(given) : given;
  const known = await stat(path).catch(() => undefined);
  if (known?.isDirectory()) {
    path = join(path, "model.json");
  }
  const folder = dirname(path);
  return { bytes: await read(path), path, sibling: (relative) => read(join(folder, relative)) };
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "there is no such file" : message;
    throw new ModelFileError(`${path} cannot be read: ${problem}`, { cause: error });
  }
}

/** The bytes of a file; undefined where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  const known = await stat(path).catch(() => undefined);
  return known?.isFile() ? await read(path) : undefined;
}

/** Writes files one after the other, each so that its path has the old file or the new one at any moment. Makes missing folders. */
export async function writePaths(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  overwrite: boolean = true,
): Promise<void> {
  for (const { path, bytes } of files) {
    if (!overwrite && (await stat(path).catch(() => undefined)) !== undefined) {
      throw new ArgumentError(
        `${path} is there already, and overwrite is false; save to another place, or leave overwrite out`,
      );
    }
    await stores.file(path).write(bytes);
  }
}

/**
 * Removes files that an index listed before it was replaced, by their paths relative to it. Left alone are those that another JSON
 * file of the folder names, such as a second model, and those that links lead out of the folder to.
 */
export async function removeListed(index: string, listed: readonly string[]): Promise<void> {
  if (listed.length === 0) {
    return;
  }
  const folder = dirname(index);
  const others: string[] = [];
  for (const entry of await readdir(folder)) {
    if (entry.endsWith(".json") && entry !== basename(index)) {
      others.push(new TextDecoder().decode(await readIfThere(join(folder, entry))));
    }
  }
  const root = await realpath(folder);
  for (const path of listed) {
    const file = join(folder, path);
    const parent = await realpath(dirname(file)).catch(() => undefined);
    const inside = parent === root || parent?.startsWith(`${root}${sep}`);
    if (inside && file !== join(index) && !others.some((text) => text.includes(path))) {
      await unlink(file).catch(() => {
        // It is gone already, or cannot be removed: the new model is whole either way.
      });
    }
  }
}

/** The path that a file: address means. */
export function pathOf(target: string | URL): string {
  return target instanceof URL ? fileURLToPath(target) : target;
}
