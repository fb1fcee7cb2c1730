import { ArgumentError, DatasetError } from "../errors.js";
import { downloadFile } from "./download.js";
import { gunzip, isGzip } from "./gunzip.js";
import type { Bytes, DatasetCache, DatasetStore, DigestAlgorithm, DownloadProgress } from "./store.js";

/** Where a data set comes from, and what of it is shown. Nothing has to be set. */
export interface DatasetOptions {
  /** Folder with the files, searched first: in it or in a folder named after the set (`mnist`, ...), plain or `.gz`. */
  readonly dataDir?: string | undefined;
  /** Folder for downloads; default: `CONVOY_CACHE_DIR`, else the platform's cache folder. */
  readonly cacheDir?: string | undefined;
  /** Addresses of folders to download from, in the order of trying; default: where the set is published. */
  readonly mirrors?: readonly string[] | undefined;
  /** Default true; false looks only for files that are here. */
  readonly download?: boolean | undefined;
  /** Default true; false takes any files of the format: a subset, or another set made to replace this one. */
  readonly verify?: boolean | undefined;
  /** 1 (default) shows downloads on the terminal (stderr), 0 shows nothing. */
  readonly verbose?: 0 | 1 | undefined;
  /** Called as downloads proceed; `totalBytes` is the packed size of the whole set. */
  readonly onProgress?: ((receivedBytes: number, totalBytes: number) => void) | undefined;
  /** Ends the download; the promise rejects with the signal's reason. A later call goes on where this one stopped. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without data after which a transfer counts as broken; default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds before a broken transfer is resumed; default 500. */
  readonly retryDelayMs?: number | undefined;
}

/** A file as its authors publish it: packed, under NAME.gz. */
export interface PublishedFile {
  /** Without `.gz`. */
  readonly name: string;
  readonly packedBytes: number;
  /** SHA-256 of NAME.gz. */
  readonly packedSha256: string;
  /** Digest of what is inside, for copies that were unpacked or packed anew. */
  readonly content: { readonly algorithm: DigestAlgorithm; readonly digest: string };
}

/** A set of files; `Role` tells them apart. */
export interface PublishedSet<Role extends string> {
  /** What messages call the set. */
  readonly title: string;
  /** Its folder in `CONVOY_DATA_DIR` and in the cache. */
  readonly folder: string;
  readonly mirrors: readonly string[];
  readonly files: Readonly<Record<Role, PublishedFile>>;
}

export interface LoadedFile {
  /** Unpacked. */
  readonly bytes: Bytes;
  /** Path or address, for messages. */
  readonly source: string;
}

/**
 * Finds every file of a set: in `dataDir`, in `CONVOY_DATA_DIR`, in the cache, or at a mirror, in this order.
 *
 * @throws DatasetError when a file is nowhere, or when one in a folder of the user's is damaged
 * @throws ArgumentError for options out of range
 */
export async function loadFiles<Role extends string>(
  set: PublishedSet<Role>,
  options: DatasetOptions,
  store: DatasetStore,
): Promise<Record<Role, LoadedFile>> {
  const loading = new Loading(set, options, store);
  try {
    const loaded: Partial<Record<Role, LoadedFile>> = {};
    for (const role of Object.keys(set.files) as Role[]) {
      loaded[role] = await loading.load(set.files[role]);
    }
    return loaded as Record<Role, LoadedFile>;
  } finally {
    loading.finish();
  }
}

/** One call of `loadFiles`. */
class Loading {
  readonly #set: PublishedSet<string>;
  readonly #options: DatasetOptions;
  readonly #store: DatasetStore;
  readonly #cache: DatasetCache;
  #mirrors: readonly string[];
  #progress: DownloadProgress | undefined;
  #finishedBytes = 0;

  constructor(set: PublishedSet<string>, options: DatasetOptions, store: DatasetStore) {
    const { mirrors, timeoutMs, retryDelayMs, verbose } = options;
    if (mirrors?.length === 0) {
      throw new ArgumentError("mirrors is empty; name at least one address, or pass download: false");
    }
    if (timeoutMs !== undefined && !(timeoutMs > 0)) {
      throw new ArgumentError(`timeoutMs is ${timeoutMs}, expected milliseconds above 0`);
    }
    if (retryDelayMs !== undefined && !(retryDelayMs >= 0)) {
      throw new ArgumentError(`retryDelayMs is ${retryDelayMs}, expected milliseconds from 0 up`);
    }
    if (verbose !== undefined && verbose !== 0 && verbose !== 1) {
      throw new ArgumentError(`verbose is ${verbose}, expected 0 or 1`);
    }
    this.#set = set;
    this.#options = options;
    this.#store = store;
    this.#cache = store.openCache(set.folder, options.cacheDir);
    this.#mirrors = mirrors ?? set.mirrors;
  }

  async load(file: PublishedFile): Promise<LoadedFile> {
    const tried: string[] = [];
    const found =
      (await this.#fromFolder("dataDir", this.#options.dataDir, file, tried)) ??
      (await this.#fromFolder("CONVOY_DATA_DIR", this.#store.environment("CONVOY_DATA_DIR"), file, tried)) ??
      (await this.#fromCache(file, tried)) ??
      (await this.#fromMirrors(file, tried));
    if (found === undefined) {
      const places = tried.map((place) => `\n  - ${place}`).join("");
      const supply = this.#store.hasFolders
        ? `Set CONVOY_DATA_DIR to a folder with ${this.#fileNames()} (plain or .gz)`
        : `Serve ${this.#fileNames()} (.gz) from your own server and pass its address in mirrors`;
      throw new DatasetError(
        `${this.#set.title}: ${file.name} is not here and cannot be downloaded. Tried:${places}\n` +
          `${supply}, or use syntheticDigits(), which needs no files.`,
      );
    }
    return found;
  }

  finish(): void {
    this.#progress?.stop();
  }

  async #fromFolder(setting: string, folder: string | undefined, file: PublishedFile, tried: string[]) {
    if (folder === undefined) {
      if (this.#store.hasFolders) {
        tried.push(`${setting}: not set`);
      }
      return undefined;
    }
    const { name } = file;
    const own = await this.#store.findFile(folder, [`${this.#set.folder}/${name}`, `${this.#set.folder}/${name}.gz`]);
    if (own !== undefined) {
      return { bytes: await this.#open(own.bytes, file, own.path), source: own.path };
    }
    // All sets of this family call their files alike: those straight in the folder may be another set's.
    const shared = await this.#store.findFile(folder, [name, `${name}.gz`]);
    if (shared === undefined) {
      tried.push(`${setting} ${folder}: no ${name} or ${name}.gz in it or in its folder ${this.#set.folder}`);
      return undefined;
    }
    try {
      return { bytes: await this.#open(shared.bytes, file, shared.path), source: shared.path };
    } catch (error) {
      if (!(error instanceof DatasetError) || setting === "dataDir") {
        throw error;
      }
      tried.push(`${setting} ${error.message}`);
      return undefined;
    }
  }

  async #fromCache(file: PublishedFile, tried: string[]) {
    for (const name of [`${file.name}.gz`, file.name]) {
      const bytes = await this.#cache.read(name);
      if (bytes !== undefined) {
        try {
          const source = `${this.#cache.location}: ${name}`;
          return { bytes: await this.#open(bytes, file, source), source };
        } catch (error) {
          if (!(error instanceof DatasetError)) {
            throw error;
          }
          tried.push(`cache ${error.message}`);
          await this.#cache.remove(name).catch(() => undefined);
        }
      }
    }
    tried.push(`cache ${this.#cache.location}: no ${file.name}.gz`);
    return undefined;
  }

  async #fromMirrors(file: PublishedFile, tried: string[]) {
    if (this.#options.download === false) {
      tried.push("mirrors: not asked, as download is false");
      return undefined;
    }
    const { signal, timeoutMs = 30_000, retryDelayMs = 500 } = this.#options;
    await this.#showProgress();
    const downloaded = await downloadFile(
      {
        name: `${file.name}.gz`,
        mirrors: this.#mirrors,
        cache: this.#cache,
        sendsIfRange: this.#store.sendsIfRange,
        accept: (bytes, url) => this.#open(bytes, file, url),
        signal,
        timeoutMs,
        retryDelayMs,
        onReceived: (receivedBytes) => this.#report(Math.min(receivedBytes, file.packedBytes)),
      },
      tried,
    );
    if (downloaded === undefined) {
      return undefined;
    }
    const { mirror, bytes, content } = downloaded;
    this.#mirrors = [mirror, ...this.#mirrors.filter((other) => other !== mirror)];
    this.#finishedBytes += file.packedBytes;
    this.#report(0);
    await this.#keep(file, bytes);
    return { bytes: content, source: mirror };
  }

  async #keep(file: PublishedFile, bytes: Bytes): Promise<void> {
    try {
      // A server may have unpacked the file on the way.
      await this.#cache.write(isGzip(bytes) ? `${file.name}.gz` : file.name, bytes);
    } catch (error) {
      if (this.#options.verbose !== 0) {
        this.#store.print(`${file.name} is not kept for next time: ${(error as Error).message}`);
      }
    }
  }

  async #showProgress(): Promise<void> {
    if (this.#progress === undefined && this.#options.verbose !== 0) {
      this.#progress = await this.#store.showProgress(`Downloading ${this.#set.title}`, this.#totalBytes());
    }
  }

  #report(receivedBytes: number): void {
    const received = this.#finishedBytes + receivedBytes;
    this.#progress?.update(received);
    this.#options.onProgress?.(received, this.#totalBytes());
  }

  #totalBytes(): number {
    return Object.values(this.#set.files).reduce((sum, { packedBytes }) => sum + packedBytes, 0);
  }

  #fileNames(): string {
    return Object.values(this.#set.files)
      .map(({ name }) => name)
      .join(", ");
  }

  /** Unpacks and checks. As published, a file passes by its packed digest, otherwise by that of its content. */
  async #open(bytes: Bytes, file: PublishedFile, source: string): Promise<Bytes> {
    const verify = this.#options.verify !== false;
    const packed = isGzip(bytes);
    if (packed && verify && (await this.#store.digest("sha256", bytes)) === file.packedSha256) {
      return gunzip(bytes, source);
    }
    const content = packed ? await gunzip(bytes, source) : bytes;
    if (verify) {
      const { algorithm, digest } = file.content;
      const found = await this.#store.digest(algorithm, content);
      // Undefined where the platform lacks the algorithm; the format is checked all the same.
      if (found !== undefined && found !== digest) {
        throw new DatasetError(
          `${source}: not the published ${file.name} of ${this.#set.title}: ${algorithm} of the ${content.length} unpacked bytes is ${found}, expected ${digest}; replace the file, or pass verify: false to use it as it is`,
        );
      }
    }
    return content;
  }
}
