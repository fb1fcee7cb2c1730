import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ModelFileError } from "@convoy/core";
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

/** Writes files into a folder, each whole or not at all. Makes folders that are missing. */
export async function writePaths(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { path, bytes } of files) {
    const temporary = `${path}.${process.pid}.tmp`;
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeFile(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/** The path that a file: address means. */
export function pathOf(target: string | URL): string {
  return target instanceof URL ? fileURLToPath(target) : target;
}
