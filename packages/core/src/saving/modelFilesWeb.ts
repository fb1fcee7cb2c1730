import { ArgumentError } from "../errors.js";
import { fetchBytes } from "./fetchBytes.js";

/** What a page calls a path is an address relative to it. */
export async function readPath(path: string | URL): Promise<Uint8Array> {
  return await fetchBytes(String(path));
}

/** There are no folders to write to. */
export async function writePath(path: string | URL): Promise<void> {
  throw new ArgumentError(
    `${path}: a page cannot write files; use stores.indexedDb(name) to keep the model in the browser, stores.download(fileName) ` +
      "to hand it to the user, or save() for its bytes",
  );
}

/** There are no files to remove. */
export async function removePath(path: string | URL): Promise<void> {
  throw new ArgumentError(`${path}: a page cannot remove files; use stores.indexedDb(name)`);
}
