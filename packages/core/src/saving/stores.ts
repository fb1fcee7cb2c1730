import { readPath, removePath, writePath } from "#model-files";
import { ArgumentError, ModelFileNotFoundError } from "../errors.js";
import type { Bytes } from "./bytes.js";
import { existsMessage } from "./existsMessage.js";
import { fetchBytes } from "./fetchBytes.js";
import { joined } from "./safetensors.js";

/** A place of your own for model files. Each part is needed only for what it does. */
export interface ModelStore {
  /** What errors call it. */
  readonly name?: string;
  /** The bytes that were written last; undefined where there are none. */
  read?(): Promise<Uint8Array | ArrayBuffer | undefined>;
  /** Keeps the bytes. What should be there after a failure, the old file or none, is up to it. */
  write?(bytes: Bytes): Promise<unknown>;
  /** Forgets them. */
  remove?(): Promise<unknown>;
}

/** Where a model is saved: a path or a file: address in Node, or a store such as `stores.indexedDb("digits")`. */
export type ModelTarget = string | URL | ModelStore;

/**
 * What a model is loaded from: a path or a file: address in Node, an http(s) address, the bytes of a file, a `Blob` or `File`
 * of a page, or a store such as `stores.indexedDb("digits")`.
 */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Blob | ModelStore;

/** What errors call it. */
export function sourceName(source: ModelSource | ModelTarget): string {
  if (typeof source === "string" || source instanceof URL) {
    return String(source);
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    return `the given ${source.byteLength} bytes`;
  }
  return (source as { readonly name?: string } | null)?.name ?? "the model store";
}

/** All bytes of a source. Throws `ModelFileError` where there is nothing to read, `ArgumentError` for what is no source. */
export async function readSource(source: ModelSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) {
    return source;
  }
  if (source instanceof ArrayBuffer) {
    return new Uint8Array(source);
  }
  if (typeof source === "string" || source instanceof URL) {
    const address = asAddress(source);
    return address === undefined ? await readPath(source as string) : await readAddress(address);
  }
  if (typeof Blob === "function" && source instanceof Blob) {
    return new Uint8Array(await source.arrayBuffer());
  }
  const store = source as ModelStore | null;
  if (typeof store?.read !== "function") {
    throw new ArgumentError(
      "a model is loaded from a path, a URL, bytes, a Blob, or a store with read(): stores.indexedDb(name), or your own",
    );
  }
  const bytes: unknown = await store.read();
  if (bytes === undefined || bytes === null) {
    throw new ModelFileNotFoundError(`${sourceName(store)} cannot be read: there is nothing in it`);
  }
  if (!(bytes instanceof Uint8Array) && !(bytes instanceof ArrayBuffer)) {
    throw new ArgumentError(`read() of ${sourceName(store)} gave no Uint8Array or ArrayBuffer`);
  }
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}

/**
 * Writes pieces that belong one behind the other. On disk the target is the old file or the new one at any moment.
 * @param overwrite whether what the target holds is replaced; otherwise it throws `ArgumentError` where it holds something
 */
export async function writeTarget(
  target: ModelTarget,
  pieces: readonly Bytes[],
  overwrite: boolean = true,
): Promise<void> {
  if (typeof target === "string" || target instanceof URL) {
    const address = asAddress(target);
    if (address !== undefined && address.protocol !== "file:") {
      throw new ArgumentError(
        `${address}: models are not saved to addresses; save() without a target gives the bytes to send there`,
      );
    }
    return await writePath(address ?? (target as string), pieces, overwrite);
  }
  if (typeof target?.write !== "function") {
    throw new ArgumentError(
      "a model is saved to a path, a file: URL, or a store with write(bytes): stores.indexedDb(name), stores.download(fileName), " +
        "or your own. Without a target save() gives the bytes",
    );
  }
  if (!overwrite && (await holdsSomething(target))) {
    throw new ArgumentError(existsMessage(sourceName(target)));
  }
  await target.write(joined(pieces));
}

/** Whether a store has bytes; one that cannot be read, such as a download, has none to lose. */
async function holdsSomething(store: ModelStore): Promise<boolean> {
  try {
    const bytes: unknown = await store.read?.();
    return bytes !== undefined && bytes !== null;
  } catch (error) {
    if (error instanceof ModelFileNotFoundError) {
      return false;
    }
    throw error;
  }
}

/** Removes what was written to a target, where something was. */
export async function removeTarget(target: ModelTarget): Promise<void> {
  if (typeof target === "string" || target instanceof URL) {
    await removePath(asAddress(target) ?? target);
    return;
  }
  if (typeof target.remove !== "function") {
    throw new ArgumentError(`${sourceName(target)} has no remove(); give it one, or keep what was written there`);
  }
  await target.remove();
}

/** An address: a `URL`, or a string that begins like one. Other strings are paths. */
function asAddress(source: string | URL): URL | undefined {
  return source instanceof URL ? source : /^(https?|file):/i.test(source) ? new URL(source) : undefined;
}

async function readAddress(address: URL): Promise<Uint8Array> {
  if (address.protocol === "file:") {
    return await readPath(address);
  }
  return await fetchBytes(String(address));
}
