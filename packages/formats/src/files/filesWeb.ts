import { ArgumentError, ModelFileError } from "@convoy/core";
import { fetchBytes } from "./fetchBytes.js";
import type { PathFile } from "./pathFile.js";
import { siblingAddress } from "./relativePath.js";

/** What a page calls a path is an address relative to it; in a worker, relative to its script. */
export async function readPath(path: string | URL): Promise<PathFile> {
  const own = String(path);
  const address = resolved(own);
  return {
    bytes: await fetchBytes(address),
    path: own,
    sibling: (relative, limit) => fetchBytes(siblingAddress(address, relative), limit),
  };
}

function resolved(path: string): URL {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(path, base);
  } catch (error) {
    throw new ModelFileError(`${path} cannot be read: it is no address, alone or relative to ${base}`, {
      cause: error,
    });
  }
}

/** There are no folders to write to. */
export async function writePaths(files: readonly { readonly path: string }[]): Promise<void> {
  throw new ArgumentError(`${files[0]?.path}: a page cannot write files; leave the target out to get the bytes`);
}

/** There are no folders to read before they are written to. */
export async function readIfThere(_path: string): Promise<Uint8Array | undefined> {
  return undefined;
}

/** There are no files to remove. */
export async function removeListed(_index: string, _listed: readonly string[]): Promise<void> {}

/** Addresses are not resolved. */
export function pathOf(target: string | URL): string {
  return String(target);
}
