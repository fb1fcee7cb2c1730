import { store as platformStore } from "#dataset-store";
import { DatasetError } from "../errors.js";
import { type DatasetOptions, Loading } from "./loading.js";
import { defaultMaxBytes } from "./sizeLimit.js";
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
  const { name, title, folder, mirrors } = file;
  const set = { title, folders: [folder], mirrors, packedBytes: file.approximateBytes ?? 0 };
  const limit = { bytes: options.maxBytes ?? defaultMaxBytes, reason: "the limit of maxBytes" };
  const sought = {
    ...{ name, packedName: name, packedBytes: set.packedBytes, limit },
    open: (bytes: Bytes, source: string) => checked(file, bytes, source, options, store),
  };
  const loading = new Loading(set, options, store);
  const tried: string[] = [];
  try {
    for (const place of loading.folders(tried)) {
      const found = await loading.fromFolder(place, sought, tried);
      if (found !== undefined) {
        return { bytes: found.content, source: found.source };
      }
    }
    const found = (await loading.fromCache(sought, tried)) ?? (await loading.fromMirrors(sought, tried));
    if (found !== undefined) {
      return { bytes: found.content, source: found.source };
    }
  } finally {
    loading.finish();
  }
  const places = tried.map((place) => `\n  - ${place}`).join("");
  const supply = store.hasFolders
    ? `Put ${name} into the folder ${folder} of a folder that CONVOY_DATA_DIR names, or pass its path`
    : `Serve ${name} from your own server and pass its address in mirrors`;
  throw new DatasetError(
    `${title}: ${name} is not here and cannot be downloaded. Tried:${places}\n${supply}; it is published at ${mirrors[0]}${name}`,
  );
}

async function checked(
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
