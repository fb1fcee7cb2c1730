import { readPath, removePath, writePath } from "#model-files";
import type { ModelStore } from "./stores.js";

/** One file as a store. */
export interface FileStore extends ModelStore {
  /** The bytes of the file. Throws `ModelFileError` where there is none that can be read. */
  read(): Promise<Uint8Array>;
  /** Puts the bytes in place of what the file held. Throws `ArgumentError` where the path is a folder, and in a page. */
  write(bytes: Uint8Array): Promise<void>;
  /** Removes the file, where there is one. */
  remove(): Promise<void>;
}

/**
 * A file of any content, by its path or file: address, written as safely as `model.save` writes models: at any moment, also after a
 * power failure, the path has the old file or the new one. Missing folders are made. For Node; a page can only read, from an
 * address relative to it.
 */
export function file(path: string | URL): FileStore {
  return {
    name: String(path),
    read: () => readPath(path),
    write: (bytes) => writePath(path, [bytes]),
    remove: () => removePath(path),
  };
}
