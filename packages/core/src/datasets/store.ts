import type { SizeLimit } from "./sizeLimit.js";

/**
 * Bytes in memory of their own, never shared between threads: `Uint8Array<ArrayBuffer>`, which compilers before TypeScript
 * 5.7 cannot read.
 */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/**
 * What loading a data set needs of the platform. `#dataset-store` is storeNode.ts in Node (folders, a cache folder) and
 * storeWeb.ts elsewhere (the Cache API), so that nothing of Node is bundled for browsers.
 */
export interface DatasetStore {
  /** Whether users can keep files in folders here. */
  readonly hasFolders: boolean;
  /** Whether requests may carry If-Range. In browsers that header needs a CORS preflight, which mirrors refuse. */
  readonly sendsIfRange: boolean;
  /** The environment variable; undefined when unset or empty, or where there are none. */
  environment(name: string): string | undefined;
  /**
   * The first of `names` that `folder` holds; names may be absolute paths or file: addresses. Throws ArgumentError where there are no folders, DatasetError for a file over
   * the limit, which is not read.
   */
  findFile(folder: string, names: readonly string[], limit: SizeLimit): Promise<FoundFile | undefined>;
  /** Opens a file to read parts of it. Rejects with DatasetError where there is none. */
  openFile(source: string | URL | Blob): Promise<OpenFile>;
  /** Where downloads of data set `set` are kept; `folder` overrides the platform's place. */
  openCache(set: string, folder: string | undefined): DatasetCache;
  /** Hexadecimal digest; undefined when the platform does not have the algorithm. */
  digest(algorithm: DigestAlgorithm, bytes: Bytes): Promise<string | undefined>;
  /** One line for the user. */
  print(line: string): void;
  /** Shows a running download: a bar where there is a terminal, one line otherwise. */
  showProgress(title: string, totalBytes: number): Promise<DownloadProgress>;
}

export type DigestAlgorithm = "sha256" | "md5";

/** A file in a folder of the user's. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: Bytes;
}

/** A file that is read part by part. */
export interface OpenFile {
  /** What messages call it. */
  readonly name: string;
  readonly size: number;
  /** Rejects with DatasetError where the file ends before. */
  read(start: number, length: number): Promise<Bytes>;
  close(): Promise<void>;
}

/** A Blob or File as a file that is open. */
export function openBlob(blob: Blob): OpenFile {
  return {
    name: "name" in blob ? String(blob.name) : "the Blob",
    size: blob.size,
    read: async (start, length) => new Uint8Array(await blob.slice(start, start + length).arrayBuffer()),
    close: async () => undefined,
  };
}

/** Finished downloads, and what is left of interrupted ones. Safe to use from several processes at once. */
export interface DatasetCache {
  /** What messages call the place. */
  readonly location: string;
  /** Throws DatasetError for a file over the limit, which is not read. */
  read(name: string, limit?: SizeLimit): Promise<Bytes | undefined>;
  /** All or nothing: no reader ever sees a part of the file. Rejects when the place cannot be written. */
  write(name: string, bytes: Bytes): Promise<void>;
  remove(name: string): Promise<void>;
  /** Takes over what an interrupted download of `name` left, so that no other process does; drops what is over the limit. */
  takePartial(name: string, limit?: SizeLimit): Promise<PartialTransfer | undefined>;
  /** Starts keeping a transfer as it arrives. A place that cannot be written keeps nothing and does not reject. */
  keepPartial(name: string, transfer: PartialTransfer): Promise<PartialKeeper>;
}

/** The first bytes of a file, and what is needed to ask for the rest. */
export interface PartialTransfer {
  readonly url: string;
  /** A strong ETag or a Last-Modified date of the file that `bytes` began; undefined when the server gave neither. */
  readonly validator: string | undefined;
  readonly bytes: Bytes;
}

/** Keeps a running transfer on disk, so that it outlives the process. */
export interface PartialKeeper {
  append(bytes: Uint8Array): Promise<void>;
  /** Leaves the bytes to a later `takePartial`. */
  release(): Promise<void>;
  discard(): Promise<void>;
}

/** Keeps nothing: where there is no place for it. */
export const forgetfulKeeper: PartialKeeper = {
  append: async () => undefined,
  release: async () => undefined,
  discard: async () => undefined,
};

export interface DownloadProgress {
  update(receivedBytes: number): void;
  stop(): void;
}
