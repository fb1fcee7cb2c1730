import { store } from "#dataset-store";
import { ArgumentError, DatasetError } from "../errors.js";
import { defaultMaxBytes, expectFileSize, type SizeLimit } from "./sizeLimit.js";
import type { Bytes } from "./store.js";
import { gunzip, isGzip } from "./unpack.js";

/** A file: its path (in Node) or address, a `File` or `Blob`, or its bytes. */
export type FileSource = string | URL | Blob | Uint8Array;

/** Settings of functions that read a file. */
export interface ReadOptions {
  /** Bytes that the file may have, unpacked too; default 2^30. */
  readonly maxBytes?: number | undefined;
}

/** A file as it was read, unpacked if it was a gzip file. */
export interface ReadFile {
  readonly bytes: Bytes;
  /** What errors call it. */
  readonly name: string;
  /** What of it may be in memory. */
  readonly limit: SizeLimit;
}

/**
 * Reads a file whole. Throws `DatasetError` where there is none, or where it has more bytes than it may.
 *
 * @param declaredSize what the first bytes of a packed file say of its size
 */
export async function readSource(
  source: FileSource,
  what: string,
  { maxBytes = defaultMaxBytes }: ReadOptions,
  declaredSize?: (head: Uint8Array) => SizeLimit | undefined,
): Promise<ReadFile> {
  if (!(maxBytes > 0)) {
    throw new ArgumentError(`${what}: maxBytes is ${maxBytes}, expected bytes above 0`);
  }
  const limit: SizeLimit = {
    bytes: maxBytes,
    reason: "which maxBytes allows",
    remedy: "pass a larger maxBytes if it is right",
  };
  const { bytes, name } = await readBytes(source, what, limit);
  return { bytes: isGzip(bytes) ? await gunzip(bytes, { fileName: name, limit, declaredSize }) : bytes, name, limit };
}

async function readBytes(source: FileSource, what: string, limit: SizeLimit): Promise<{ bytes: Bytes; name: string }> {
  if (source instanceof Uint8Array) {
    expectFileSize(what, source.length, limit);
    return { bytes: ownMemory(source), name: what };
  }
  if (source instanceof Blob) {
    const name = "name" in source ? String(source.name) : what;
    expectFileSize(name, source.size, limit);
    return { bytes: new Uint8Array(await source.arrayBuffer()), name };
  }
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new ArgumentError(
      `${what}: the file is ${describe(source)}; pass a path, an address, a Blob or a Uint8Array`,
    );
  }
  const address = String(source);
  if (/^https?:/.test(address) || !store.hasFolders) {
    return { bytes: await download(address, limit), name: address };
  }
  const found = await store.findFile(".", [address], limit);
  if (found === undefined) {
    throw new DatasetError(`${what}: there is no file ${address}`);
  }
  return { bytes: found.bytes, name: found.path };
}

function describe(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** Bytes that no other thread writes: readers keep views of them. */
function ownMemory(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : new Uint8Array(bytes);
}

async function download(address: string, limit: SizeLimit): Promise<Bytes> {
  const response = await fetch(address).catch((error: Error) => {
    throw new DatasetError(`${address}: ${error.message}`, { cause: error });
  });
  if (!response.ok || response.body === null) {
    throw new DatasetError(`${address}: HTTP ${response.status} ${response.statusText}`.trimEnd());
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  const reader = response.body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      received += part.value.length;
      expectFileSize(address, received, limit);
      parts.push(part.value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
