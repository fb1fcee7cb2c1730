import { DatasetError } from "../errors.js";
import { type DatasetOptions, Loading, packedLimit, type SoughtFile, unverifiedLimit } from "./loading.js";
import { expectFileSize, type SizeLimit } from "./sizeLimit.js";
import type { Bytes, DatasetStore, DigestAlgorithm } from "./store.js";
import { gunzip, isGzip } from "./unpack.js";

/** A file as its authors publish it: packed, under NAME.gz. */
export interface PublishedFile {
  /** Without `.gz`. */
  readonly name: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
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
  /** What the first bytes of an unpacked file say of its size. */
  readonly declaredSize?: (head: Uint8Array) => SizeLimit | undefined;
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
  const files = Object.values<PublishedFile>(set.files);
  const packedBytes = files.reduce((sum, file) => sum + file.packedBytes, 0);
  const loading = new Loading({ ...set, folders: [set.folder], packedBytes }, options, store);
  try {
    const loaded: Partial<Record<Role, LoadedFile>> = {};
    for (const role of Object.keys(set.files) as Role[]) {
      const file = set.files[role];
      const sought = soughtFile(set, file, options, store);
      const tried: string[] = [];
      const found = await find(loading, sought, tried);
      if (found === undefined) {
        const names = files.map(({ name }) => name);
        throw loading.missing(file.name, names, ".gz", tried);
      }
      loaded[role] = { bytes: found.content, source: found.source };
    }
    return loaded as Record<Role, LoadedFile>;
  } finally {
    loading.finish();
  }
}

async function find<T>(loading: Loading, file: SoughtFile<T>, tried: string[]) {
  for (const folder of loading.folders(tried)) {
    const found = await loading.fromFolder(folder, file, tried);
    if (found !== undefined) {
      return found;
    }
  }
  return (await loading.fromCache(file, tried)) ?? (await loading.fromMirrors(file, tried));
}

function soughtFile(
  { title, declaredSize }: PublishedSet<string>,
  file: PublishedFile,
  options: DatasetOptions,
  store: DatasetStore,
): SoughtFile<Bytes> {
  const { name, packedBytes, packedSha256, unpackedBytes, content } = file;
  const verify = options.verify !== false;
  const limit = verify ? publishedLimit(unpackedBytes, `${name} of ${title}`) : unverifiedLimit(options);
  const open = async (bytes: Bytes, source: string): Promise<Bytes> => {
    const packed = isGzip(bytes);
    if (!packed) {
      expectFileSize(source, bytes.length, limit);
    }
    const isPublished = packed && verify && (await store.digest("sha256", bytes)) === packedSha256;
    const unpacked = packed
      ? await gunzip(bytes, { fileName: source, limit, declaredSize: verify ? undefined : declaredSize })
      : bytes;
    if (verify && !isPublished) {
      await expectDigest(store, unpacked, content, `the published ${name} of ${title}`, source);
    }
    return unpacked;
  };
  return { name, packedName: `${name}.gz`, packedBytes, limit: packedLimit(limit), open };
}

const useAsItIs = "replace the file, or pass verify: false to use it as it is";

/** What a file may have that is to be the one that was published. */
export function publishedLimit(bytes: number, what: string): SizeLimit {
  return { bytes, reason: `the size of the published ${what}`, remedy: useAsItIs };
}

/** Throws `DatasetError` for bytes that are not those that `digest` is of, where the platform has the algorithm. */
export async function expectDigest(
  store: DatasetStore,
  bytes: Bytes,
  { algorithm, digest }: PublishedFile["content"],
  what: string,
  source: string,
  kind: "unpacked" | "packed" = "unpacked",
): Promise<void> {
  const found = await store.digest(algorithm, bytes);
  if (found !== undefined && found !== digest) {
    throw new DatasetError(
      `${source}: not ${what}: ${algorithm} of the ${bytes.length} ${kind} bytes is ${found}, expected ${digest}; ${useAsItIs}`,
    );
  }
}
