import { ArgumentError, ModelFileNotFoundError } from "../errors.js";
import type { Bytes } from "./bytes.js";
import type { ModelStore } from "./stores.js";

/** A model in the browser's database. */
export interface IndexedDbStore extends ModelStore {
  read(): Promise<Uint8Array>;
  write(bytes: Bytes): Promise<void>;
  /** Forgets the model. */
  remove(): Promise<void>;
}

const objects = "models";

/**
 * A place in the browser's IndexedDB, by the name of the model: `model.save(stores.indexedDb("digits"))`. It outlives the page; a
 * page that is closed while it saves leaves the old model or the new one. Reading throws `ModelFileError` where there is none of
 * that name.
 * @param database name of the database, shared by all pages of an origin; default "convoy"
 */
export function indexedDb(name: string, database = "convoy"): IndexedDbStore {
  const label = `IndexedDB model "${name}"`;
  return {
    name: label,
    async read() {
      const bytes = await transact<unknown>(database, "readonly", (store) => store.get(name));
      if (!(bytes instanceof Uint8Array)) {
        throw new ModelFileNotFoundError(`${label} cannot be read: there is no model of that name`);
      }
      return bytes;
    },
    async write(bytes) {
      await transact(database, "readwrite", (store) => store.put(bytes, name));
    },
    async remove() {
      await transact(database, "readwrite", (store) => store.delete(name));
    },
  };
}

/** Runs one request, and resolves once its transaction is complete. */
async function transact<T>(
  database: string,
  mode: IDBTransactionMode,
  start: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opened = await open(database);
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = opened.transaction(objects, mode, { durability: "strict" });
      const request = start(transaction.objectStore(objects));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    opened.close();
  }
}

function open(database: string): Promise<IDBDatabase> {
  if (globalThis.indexedDB === undefined) {
    throw new ArgumentError("there is no IndexedDB here; in Node save to a path, or save() for the bytes");
  }
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(objects);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Hands the file to the user of a page, as a download: `model.save(stores.download("digits.safetensors"))`. */
export function download(fileName: string): ModelStore {
  return {
    name: `download "${fileName}"`,
    async write(bytes) {
      if (globalThis.document === undefined) {
        throw new ArgumentError(
          "there is no page here to download from; in Node save to a path, or save() for the bytes",
        );
      }
      const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
      const link = document.createElement("a");
      link.href = address;
      link.download = fileName;
      link.click();
      // Browsers begin the download after this task.
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    },
  };
}
