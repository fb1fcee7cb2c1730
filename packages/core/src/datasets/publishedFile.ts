import { store as platformStore } from "#dataset-store";
import { ArgumentError, DatasetError } from "../errors.js";
import { downloadFile } from "./download.js";
import type { DatasetOptions } from "./loading.js";
import type { Bytes, DatasetStore } from "./store.js";

/** One file as its authors publish it, such as the weights of a network. */
export interface DownloadableFile {
  /** What messages call it. */
  readonly title: string;
  /** Its folder in `CONVOY_DATA_DIR` and in the cache: "pretrained". */
  readonly folder: string;
  readonly name: string;
  /** Addresses of folders that have it, tried in order. */
  readonly mirrors: readonly string[];
  /** Digest that its authors publish; without one, whoever reads the file must tell whether it is the right one. */
  readonly digest?: { readonly algorithm: "sha256" | "md5"; readonly value: string };
  /** For the progress bar, which is not shown without. */
  readonly approximateBytes?: number;
}

/** A file that was found. */
export interface FoundPublishedFile {
  readonly bytes: Bytes;
  /** Path or address, for messages. */
  readonly source: string;
}

/**
 * Finds a published file: in `dataDir`, in `CONVOY_DATA_DIR` (in it, or in its folder), in the cache, or at a mirror, from where it
 * is kept in the cache. A broken transfer is resumed, also by a later process. Throws `DatasetError` that says where to put the
 * file when it is nowhere, and for files that are not what their authors publish.
 */
export async function publishedFile(
  file: DownloadableFile,
  options: DatasetOptions = {},
  store: DatasetStore = platformStore,
): Promise<FoundPublishedFile> {
  const { verbose = 1, signal, timeoutMs = 30_000, retryDelayMs = 500, mirrors = file.mirrors } = options;
  if (mirrors.length === 0) {
    throw new ArgumentError("mirrors is empty; name at least one address, or pass download: false");
  }
  const tried: string[] = [];
  const folders = [
    ["dataDir", options.dataDir],
    ["CONVOY_DATA_DIR", store.environment("CONVOY_DATA_DIR")],
  ] as const;
  for (const [setting, folder] of folders) {
    const found = folder && (await store.findFile(folder, [`${file.folder}/${file.name}`, file.name]));
    if (found) {
      await check(file, found.bytes, found.path, options, store);
      return { bytes: found.bytes, source: found.path };
    }
    tried.push(`${setting}: ${folder ? `no ${file.name} in ${folder} or its folder ${file.folder}` : "not set"}`);
  }
  const cache = store.openCache(file.folder, options.cacheDir);
  const kept = await cache.read(file.name);
  if (kept !== undefined) {
    try {
      const source = `${cache.location}: ${file.name}`;
      await check(file, kept, source, options, store);
      return { bytes: kept, source };
    } catch (error) {
      tried.push(`cache ${(error as Error).message}`);
      await cache.remove(file.name).catch(() => undefined);
    }
  } else {
    tried.push(`cache ${cache.location}: no ${file.name}`);
  }
  if (options.download === false) {
    tried.push("mirrors: not asked, as download is false");
  } else {
    const size = file.approximateBytes ?? 0;
    const progress =
      verbose === 0 || size === 0 ? undefined : await store.showProgress(`Downloading ${file.title}`, size);
    try {
      const downloaded = await downloadFile(
        {
          ...{ name: file.name, mirrors, cache, sendsIfRange: store.sendsIfRange, signal, timeoutMs, retryDelayMs },
          accept: (bytes, url) => check(file, bytes, url, options, store),
          onReceived: (received) => {
            progress?.update(Math.min(received, size));
            options.onProgress?.(received, size);
          },
        },
        tried,
      );
      if (downloaded !== undefined) {
        await cache.write(file.name, downloaded.bytes).catch((error: Error) => {
          store.print(`${file.name} is not kept for next time: ${error.message}`);
        });
        return { bytes: downloaded.bytes, source: downloaded.mirror };
      }
    } finally {
      progress?.stop();
    }
  }
  const places = tried.map((place) => `\n  - ${place}`).join("");
  const supply = store.hasFolders
    ? `Put ${file.name} into the folder ${file.folder} of a folder that CONVOY_DATA_DIR names, or pass its path`
    : `Serve ${file.name} from your own server and pass its address in mirrors`;
  const [published] = file.mirrors;
  throw new DatasetError(
    `${file.title}: ${file.name} is not here and cannot be downloaded. Tried:${places}\n${supply}; it is published at ${published}${file.name}`,
  );
}

async function check(
  { name, title, digest }: DownloadableFile,
  bytes: Bytes,
  source: string,
  { verify = true }: DatasetOptions,
  store: DatasetStore,
): Promise<Bytes> {
  if (verify && digest !== undefined) {
    const found = await store.digest(digest.algorithm, bytes);
    // Undefined where the platform lacks the algorithm.
    if (found !== undefined && found !== digest.value) {
      throw new DatasetError(
        `${source}: not the published ${name} of ${title}: ${digest.algorithm} of its ${bytes.length} bytes is ${found}, expected ` +
          `${digest.value}; replace the file, or pass verify: false to use it as it is`,
      );
    }
  }
  return bytes;
}
