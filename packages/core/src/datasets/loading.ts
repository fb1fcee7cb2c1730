import { ArgumentError, DatasetError } from "../errors.js";
import { downloadFile } from "./download.js";
import { defaultMaxBytes, type SizeLimit } from "./sizeLimit.js";
import type { Bytes, DatasetCache, DatasetStore, DownloadProgress } from "./store.js";
import { isGzip } from "./unpack.js";

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
  /** Without `verify`, the bytes that a file may have unpacked; default 2^30. */
  readonly maxBytes?: number | undefined;
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

/** A file that is searched for, and how it is made into what is wanted. */
export interface SoughtFile<T> {
  /** Unpacked. */
  readonly name: string;
  /** As it is published and cached; NAME.gz, say. */
  readonly packedName: string;
  readonly packedBytes: number;
  /** What it may have, packed or not: nothing larger is read. */
  readonly limit: SizeLimit;
  /** Unpacks and checks; rejects with DatasetError. */
  readonly open: (bytes: Bytes, source: string) => Promise<T>;
}

/** What was found, and where: path or address, for messages. */
export interface Found<T> {
  readonly content: T;
  readonly source: string;
}

/** A set of files, as messages and folders call it. */
export interface SoughtSet {
  readonly title: string;
  /** Its folders in `CONVOY_DATA_DIR`; the first is also that in the cache. */
  readonly folders: readonly string[];
  readonly mirrors: readonly string[];
  /** Of all files to download. */
  readonly packedBytes: number;
}

/** One call of `mnist()`, `cifar10()`, ...: the places where its files may be. */
export class Loading {
  readonly #set: SoughtSet;
  readonly #options: DatasetOptions;
  readonly #store: DatasetStore;
  readonly #cache: DatasetCache;
  #mirrors: readonly string[];
  #progress: DownloadProgress | undefined;
  #finishedBytes = 0;

  constructor(set: SoughtSet, options: DatasetOptions, store: DatasetStore) {
    const { mirrors, timeoutMs, retryDelayMs, verbose, maxBytes } = options;
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
    if (maxBytes !== undefined && !(maxBytes > 0)) {
      throw new ArgumentError(`maxBytes is ${maxBytes}, expected bytes above 0`);
    }
    this.#set = set;
    this.#options = options;
    this.#store = store;
    this.#cache = store.openCache(set.folders[0] as string, options.cacheDir);
    this.#mirrors = mirrors ?? set.mirrors;
  }

  /** The folders that the user has named, with the setting that names each. */
  folders(tried: string[]): { setting: string; folder: string }[] {
    return [
      { setting: "dataDir", folder: this.#options.dataDir },
      { setting: "CONVOY_DATA_DIR", folder: this.#store.environment("CONVOY_DATA_DIR") },
    ].flatMap(({ setting, folder }) => {
      if (folder !== undefined) {
        return [{ setting, folder }];
      }
      if (this.#store.hasFolders) {
        tried.push(`${setting}: not set`);
      }
      return [];
    });
  }

  /**
   * A file in a folder of the user's, where it may be in one of the set's own folders or straight in it. Throws for one that
   * is damaged; `tried` gets a line where there is none.
   */
  async fromFolder<T>(
    { setting, folder }: { readonly setting: string; readonly folder: string },
    file: SoughtFile<T>,
    tried: string[],
  ): Promise<Found<T> | undefined> {
    const names = [...new Set([file.name, file.packedName])];
    const { folders } = this.#set;
    const inOwn = folders.flatMap((own) => names.map((name) => `${own}/${name}`));
    const own = await this.#store.findFile(folder, inOwn, file.limit);
    if (own !== undefined) {
      return { content: await file.open(own.bytes, own.path), source: own.path };
    }
    // All sets of a family call their files alike: those straight in the folder may be another set's.
    try {
      const shared = await this.#store.findFile(folder, names, file.limit);
      if (shared === undefined) {
        const where = `in it or in its folder ${folders.join(" or ")}`;
        tried.push(`${setting} ${folder}: no ${names.join(" or ")} ${where}`);
        return undefined;
      }
      return { content: await file.open(shared.bytes, shared.path), source: shared.path };
    } catch (error) {
      if (!(error instanceof DatasetError) || setting === "dataDir") {
        throw error;
      }
      tried.push(`${setting} ${error.message}`);
      return undefined;
    }
  }

  /** A file that was downloaded before. One that is damaged is deleted. */
  async fromCache<T>(file: SoughtFile<T>, tried: string[]): Promise<Found<T> | undefined> {
    for (const name of new Set([file.packedName, file.name])) {
      try {
        const bytes = await this.#cache.read(name, file.limit);
        if (bytes !== undefined) {
          const source = `${this.#cache.location}: ${name}`;
          return { content: await file.open(bytes, source), source };
        }
      } catch (error) {
        if (!(error instanceof DatasetError)) {
          throw error;
        }
        tried.push(`cache ${error.message}`);
        await this.#cache.remove(name).catch(() => undefined);
      }
    }
    tried.push(`cache ${this.#cache.location}: no ${file.packedName}`);
    return undefined;
  }

  /** Downloads a file and keeps it in the cache. */
  async fromMirrors<T>(file: SoughtFile<T>, tried: string[]): Promise<Found<T> | undefined> {
    if (this.#options.download === false) {
      tried.push("mirrors: not asked, as download is false");
      return undefined;
    }
    const { signal, timeoutMs = 30_000, retryDelayMs = 500 } = this.#options;
    await this.#showProgress();
    const downloaded = await downloadFile(
      {
        name: file.packedName,
        mirrors: this.#mirrors,
        cache: this.#cache,
        sendsIfRange: this.#store.sendsIfRange,
        accept: file.open,
        limit: file.limit,
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
    return { content, source: mirror };
  }

  /** One line for the user, where anything is shown. */
  print(line: string): void {
    if (this.#options.verbose !== 0) {
      this.#store.print(line);
    }
  }

  /** The error for a file that is nowhere: where it was looked for, and how to supply `fileNames`. */
  missing(file: string, fileNames: readonly string[], packing: string, tried: readonly string[]): DatasetError {
    const places = tried.map((place) => `\n  - ${place}`).join("");
    const names = fileNames.join(", ");
    const supply = this.#store.hasFolders
      ? `Set CONVOY_DATA_DIR to a folder with ${names}${packing === "" ? "" : ` (plain or ${packing})`}`
      : `Serve ${names}${packing === "" ? "" : ` (${packing})`} from your own server and pass its address in mirrors`;
    return new DatasetError(
      `${this.#set.title}: ${file} is not here and cannot be downloaded. Tried:${places}\n` +
        `${supply}, or use syntheticDigits(), which needs no files.`,
    );
  }

  finish(): void {
    this.#progress?.stop();
  }

  async #keep(file: SoughtFile<unknown>, bytes: Bytes): Promise<void> {
    try {
      // A server may have unpacked the file on the way.
      await this.#cache.write(isGzip(bytes) ? file.packedName : file.name, bytes);
    } catch (error) {
      this.print(`${file.name} is not kept for next time: ${(error as Error).message}`);
    }
  }

  async #showProgress(): Promise<void> {
    if (this.#progress === undefined && this.#options.verbose !== 0) {
      this.#progress = await this.#store.showProgress(`Downloading ${this.#set.title}`, this.#set.packedBytes);
    }
  }

  #report(receivedBytes: number): void {
    const received = this.#finishedBytes + receivedBytes;
    this.#progress?.update(received);
    this.#options.onProgress?.(received, this.#set.packedBytes);
  }
}

/** What a file may have that is not checked against a published one. */
export function unverifiedLimit({ maxBytes = defaultMaxBytes }: DatasetOptions): SizeLimit {
  return { bytes: maxBytes, reason: "which maxBytes allows", remedy: "pass a larger maxBytes if it is right" };
}

/** What a file may have, packed or not, of which the unpacked size is known: data that do not compress grow a little. */
export function packedLimit(unpacked: SizeLimit): SizeLimit {
  const reason = `what ${unpacked.bytes} bytes pack into at most, ${unpacked.reason}`;
  return { ...unpacked, bytes: Math.ceil(unpacked.bytes * 1.001) + 4096, reason };
}
