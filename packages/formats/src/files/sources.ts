import { ArgumentError, ModelFileError } from "@convoy/core";
import { readPath } from "#files";
import { fetchBytes } from "./fetchBytes.js";
import { checkedRelativePath, siblingAddress } from "./relativePath.js";

/** Bytes by name, for models of several files: "model.json", "group1-shard1of2.bin". */
export interface FileMap {
  readonly [name: string]: Uint8Array | ArrayBuffer | Blob;
}

/** A place of your own that gives the bytes of a file. */
export interface ReadableStore {
  /** What errors call it. */
  readonly name?: string;
  /** The bytes that it holds. */
  read(): Promise<Uint8Array | ArrayBuffer>;
}

/**
 * What a model is read from: a path (in Node; of a folder, too, that holds a model.json) or an address, of which at
 * most 4 GiB a file are taken; the bytes of a file; a
 * `Blob` or `File`; a store such as core's `stores.indexedDb(name)`; for models of several files all of them: the `File`s that a
 * user picked, or bytes by name.
 */
export type FileSource = string | URL | Uint8Array | ArrayBuffer | Blob | ReadableStore | readonly File[] | FileMap;

/** The files of a model. */
export interface ModelFiles {
  /** What errors call the first one. */
  readonly name: string;
  /** The file that was named, or the one that lists the others. */
  readonly main: Uint8Array;
  /**
   * The bytes of another file, by its path relative to the first. Throws `ModelFileError` where it leads out of its folder.
   * @param limit most bytes that are taken from an address; files that are here are as large as they are
   */
  sibling(path: string, limit?: number): Promise<Uint8Array>;
}

/** Opens what a model is read from. Throws `ModelFileError` where it cannot be read, `ArgumentError` for what is no source. */
export async function openFiles(source: FileSource): Promise<ModelFiles> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    return alone("the given bytes", toBytes(source));
  }
  if (typeof Blob === "function" && source instanceof Blob) {
    const name = "name" in source ? String(source.name) : "the given blob";
    return alone(name, new Uint8Array(await source.arrayBuffer()));
  }
  if (typeof source === "string" || source instanceof URL) {
    return openAddress(source);
  }
  if (typeof source === "object" && source !== null && typeof (source as ReadableStore).read === "function") {
    const store = source as ReadableStore;
    return alone(store.name ?? "the given store", toBytes(await store.read()));
  }
  if (typeof source === "object" && source !== null) {
    return openMap(source as readonly File[] | FileMap);
  }
  throw new ArgumentError(
    "a model is read from a path, an address, bytes, a Blob or File, a store with read(), an array of Files, or an object of bytes by name",
  );
}

function toBytes(data: Uint8Array | ArrayBuffer): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}

function alone(name: string, main: Uint8Array): ModelFiles {
  return {
    name,
    main,
    async sibling(path) {
      throw new ModelFileError(
        `${name} refers to the file ${path}, which was not given; pass all files: { "model.json": bytes, "${path}": bytes }, or a path or address`,
      );
    },
  };
}

/** An address: a `URL`, or a string that begins like one. Other strings are paths. */
function asAddress(source: string | URL): URL | undefined {
  return source instanceof URL ? source : /^(https?|file|blob|data):/i.test(source) ? new URL(source) : undefined;
}

async function openAddress(source: string | URL): Promise<ModelFiles> {
  const address = asAddress(source);
  if (address === undefined || address.protocol === "file:") {
    const { bytes, path, sibling } = await readPath(address ?? String(source));
    return { name: path, main: bytes, sibling: (name, limit) => sibling(checkedRelativePath(path, name), limit) };
  }
  return {
    name: String(address),
    main: await fetchBytes(address),
    sibling: (path, limit) => fetchBytes(siblingAddress(address, checkedRelativePath(String(address), path)), limit),
  };
}

async function openMap(source: readonly File[] | FileMap): Promise<ModelFiles> {
  const files = new Map<string, Uint8Array | ArrayBuffer | Blob>(
    Array.isArray(source)
      ? (source as readonly File[]).map((file) => [file.webkitRelativePath || file.name, file] as const)
      : Object.entries(source as FileMap),
  );
  const read = async (name: string): Promise<Uint8Array> => {
    const data = files.get(name)!;
    return data instanceof Uint8Array || data instanceof ArrayBuffer
      ? toBytes(data)
      : new Uint8Array(await data.arrayBuffer());
  };
  const names = [...files.keys()];
  const main =
    names.find((name) => name === "model.json") ??
    names.find((name) => name.endsWith("/model.json")) ??
    names.find((name) => name.endsWith(".weights.json")) ??
    names.find((name) => name.endsWith(".json") && name !== "metadata.json") ??
    names[0];
  if (main === undefined) {
    throw new ArgumentError("a model is read from files; there are none");
  }
  const folder = main.slice(0, main.lastIndexOf("/") + 1);
  return {
    name: main,
    main: await read(main),
    async sibling(path) {
      const name = `${folder}${checkedRelativePath(main, path)}`;
      if (!files.has(name)) {
        throw new ModelFileError(
          `${main} refers to the file ${path}, which was not given; given are ${names.join(", ")}`,
        );
      }
      return read(name);
    },
  };
}
