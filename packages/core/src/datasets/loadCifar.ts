import { DatasetError } from "../errors.js";
import type { CifarFile, CifarFiles, CifarSet } from "./cifarSets.js";
import { expectDigest, type LoadedFile, publishedLimit } from "./load.js";
import { type DatasetOptions, type Found, Loading, packedLimit, type SoughtFile, unverifiedLimit } from "./loading.js";
import { expectFileSize, type SizeLimit } from "./sizeLimit.js";
import type { Bytes, DatasetStore } from "./store.js";
import { untar } from "./tar.js";
import { gunzip, isGzip, unpackedChunks } from "./unpack.js";

/** Files that were found, by name, and which they are. */
export interface LoadedCifar {
  readonly files: CifarFiles;
  readonly loaded: ReadonlyMap<string, LoadedFile>;
}

/**
 * Finds the files of a CIFAR set: in the folders of the user's, in the cache, or at a mirror; before a mirror is asked, those of
 * a known subset. Throws `DatasetError` when they are nowhere or not those that they should be.
 */
export async function loadCifar(set: CifarSet, options: DatasetOptions, store: DatasetStore): Promise<LoadedCifar> {
  const { title, published, archive, mirrors } = set;
  const loading = new Loading(
    { title, folders: published.folders, mirrors, packedBytes: archive.packedBytes },
    options,
    store,
  );
  const search = new Search(set, options, store);
  const tried: string[] = [];
  const sought = search.archive();
  const unpacked = ({ content, source }: Found<ReadonlyMap<string, Bytes>>): LoadedCifar => ({
    files: search.nameOf(published),
    loaded: new Map([...content].map(([name, bytes]) => [name, { bytes, source: `${source}: ${name}` }])),
  });
  try {
    const folders = loading.folders(tried);
    for (const { setting, folder } of folders) {
      const found = await search.inFolder(published, folder, setting, tried);
      if (found !== undefined) {
        return found;
      }
      const archived = await loading.fromFolder({ setting, folder }, sought, tried);
      if (archived !== undefined) {
        return unpacked(archived);
      }
    }
    const cached = await loading.fromCache(sought, tried);
    if (cached !== undefined) {
      return unpacked(cached);
    }
    for (const { setting, folder } of folders) {
      for (const subset of set.subsets) {
        const found = await search.inFolder(subset, folder, setting, tried);
        if (found !== undefined) {
          loading.print(`${title} is not here; this is ${subset.name} in its place, from ${folder}`);
          return found;
        }
      }
    }
    search.expectUndamaged();
    const downloaded = await loading.fromMirrors(sought, tried);
    if (downloaded !== undefined) {
      return unpacked(downloaded);
    }
    throw loading.missing(archive.name, [archive.name], "", tried);
  } finally {
    loading.finish();
  }
}

/** What one search has met. */
class Search {
  readonly #set: CifarSet;
  readonly #options: DatasetOptions;
  readonly #store: DatasetStore;
  readonly #damaged: DatasetError[] = [];

  constructor(set: CifarSet, options: DatasetOptions, store: DatasetStore) {
    this.#set = set;
    this.#options = options;
    this.#store = store;
  }

  /** Files as they are called in results: those that nobody has checked say so. */
  nameOf(files: CifarFiles): CifarFiles {
    return this.#verifies ? files : { ...files, name: `${files.name} (not verified)` };
  }

  /** The files in a folder, where they are all there and are what they should be. */
  async inFolder(
    files: CifarFiles,
    folder: string,
    setting: string,
    tried: string[],
  ): Promise<LoadedCifar | undefined> {
    for (const [index, own] of [...files.folders, ""].entries()) {
      try {
        const loaded = await this.#readAll(files, own === "" ? folder : `${folder}/${own}`);
        if (loaded !== undefined) {
          return {
            files: own === "" && !this.#verifies ? this.nameOf(this.#set.published) : this.nameOf(files),
            loaded,
          };
        }
      } catch (error) {
        if (!(error instanceof DatasetError)) {
          throw error;
        }
        // Those straight in a folder may be another set's: they count as this one's only where there is nothing else.
        if (index < files.folders.length || setting === "dataDir") {
          this.#damaged.push(error);
        }
        tried.push(`${setting} ${error.message}`);
      }
    }
    const names = [...files.train, ...files.test].map(({ name }) => name);
    tried.push(
      `${setting} ${folder}: no ${names.join(", ")} (plain or .gz) in it or in its folder ${files.folders.join(" or ")}`,
    );
    return undefined;
  }

  /** Throws for the files in folders of the user's that are not what they should be. */
  expectUndamaged(): void {
    const [first] = this.#damaged;
    if (first !== undefined) {
      throw first;
    }
  }

  /** The archive that is published, and its files checked. */
  archive(): SoughtFile<ReadonlyMap<string, Bytes>> {
    const { title, archive, published } = this.#set;
    const { name, packedBytes, sha256 } = archive;
    const wanted = [...published.train, ...published.test];
    const sizes = new Map(wanted.map((file) => [file.name, file.records * this.#recordBytes]));
    const contentBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const what = `the published ${name} of ${title}`;
    const open = async (bytes: Bytes, source: string): Promise<ReadonlyMap<string, Bytes>> => {
      if (this.#verifies) {
        await expectDigest(this.#store, bytes, { algorithm: "sha256", digest: sha256 }, what, source, "packed");
      }
      // Besides the images there are short texts.
      const options = { fileName: source, wanted: sizes, maxBytes: contentBytes + 2 ** 20 };
      const files = await untar(unpackedChunks(bytes, "gzip", source), options);
      const absent = wanted.find((file) => !files.has(file.name));
      if (absent !== undefined) {
        throw new DatasetError(`${source}: has no file ${absent.name}, not ${what}; replace it`);
      }
      return files;
    };
    const limit = this.#verifies ? publishedLimit(packedBytes, `${name} of ${title}`) : unverifiedLimit(this.#options);
    return { name, packedName: name, packedBytes, limit, open };
  }

  get #verifies(): boolean {
    return this.#options.verify !== false;
  }

  get #recordBytes(): number {
    return this.#set.labels.length + 3072;
  }

  /** All files from one folder; undefined where it has none of them. Without `verify`, those that are there. */
  async #readAll(files: CifarFiles, folder: string): Promise<ReadonlyMap<string, LoadedFile> | undefined> {
    const loaded = new Map<string, LoadedFile>();
    const absent: string[] = [];
    for (const file of [...files.train, ...files.test]) {
      const found = await this.#read(file, files, folder);
      if (found === undefined) {
        absent.push(file.name);
      } else {
        loaded.set(file.name, found);
      }
    }
    const usable = this.#verifies
      ? absent.length === 0
      : [files.train, files.test].every((part) => part.some(({ name }) => loaded.has(name)));
    if (loaded.size > 0 && !usable) {
      throw new DatasetError(`${folder}: has ${[...loaded.keys()].join(", ")}, but not ${absent.join(", ")}; add it`);
    }
    return usable ? loaded : undefined;
  }

  async #read(file: CifarFile, files: CifarFiles, folder: string): Promise<LoadedFile | undefined> {
    const { name, records, sha256 } = file;
    const what = `${name} of ${files.name}`;
    const limit: SizeLimit = this.#verifies
      ? publishedLimit(records * this.#recordBytes, what)
      : unverifiedLimit(this.#options);
    const found = await this.#store.findFile(folder, [name, `${name}.gz`], packedLimit(limit));
    if (found === undefined) {
      return undefined;
    }
    const { bytes: packed, path: source } = found;
    if (!isGzip(packed)) {
      expectFileSize(source, packed.length, limit);
    }
    const bytes = isGzip(packed) ? await gunzip(packed, { fileName: source, limit }) : packed;
    if (this.#verifies) {
      await expectDigest(this.#store, bytes, { algorithm: "sha256", digest: sha256 }, `the published ${what}`, source);
    }
    return { bytes, source };
  }
}
