import { ArgumentError } from "../errors.js";
import { expectFileSize, type SizeLimit } from "./sizeLimit.js";
import {
  type Bytes,
  type DatasetCache,
  type DatasetStore,
  type DigestAlgorithm,
  forgetfulKeeper,
  openBlob,
} from "./store.js";

const CACHE_NAME = "convoy-datasets";
// The Cache API wants http addresses as keys; nothing is ever fetched from this one.
const KEY_BASE = "https://cache.convoy.invalid/";

/** Browsers and other places without a file system: the Cache API where there is one, Web Crypto, the console. */
export const store: DatasetStore = {
  hasFolders: false,
  sendsIfRange: false,
  environment: () => undefined,
  async findFile(folder) {
    throw new ArgumentError(
      `dataDir "${folder}": there are no folders in a browser; serve the files and pass their address, mirrors: ["/data/mnist/"]`,
    );
  },
  async openFile(source) {
    if (source instanceof Blob) {
      return openBlob(source);
    }
    throw new ArgumentError(`rowsOfFile "${source}": there are no folders in a browser; pass a File or Blob`);
  },
  openCache(set, folder) {
    if (folder !== undefined) {
      throw new ArgumentError(`cacheDir "${folder}": there are no folders in a browser; leave it out`);
    }
    return new BrowserCache(set);
  },
  digest: async (algorithm: DigestAlgorithm, bytes: Bytes) => {
    // Web Crypto has no MD5, and pages served over plain http have no Web Crypto.
    if (algorithm !== "sha256" || globalThis.crypto?.subtle === undefined) {
      return undefined;
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  },
  print: (line) => {
    console.info(line);
  },
  async showProgress(title) {
    console.info(title);
    return { update: () => undefined, stop: () => undefined };
  },
};

/** Finished files in the Cache API. Interrupted transfers do not outlive the page. */
class BrowserCache implements DatasetCache {
  readonly location: string;
  readonly #set: string;

  constructor(set: string) {
    this.#set = set;
    this.location = "caches" in globalThis ? `browser cache "${CACHE_NAME}"` : "no browser cache (needs https)";
  }

  async read(name: string, limit?: SizeLimit): Promise<Bytes | undefined> {
    const response = await (await this.#open())?.match(this.#key(name));
    const blob = await response?.blob();
    if (blob === undefined) {
      return undefined;
    }
    if (limit !== undefined) {
      expectFileSize(`${this.location}: ${name}`, blob.size, limit);
    }
    return new Uint8Array(await blob.arrayBuffer());
  }

  async write(name: string, bytes: Bytes): Promise<void> {
    await (await this.#open())?.put(this.#key(name), new Response(bytes));
  }

  async remove(name: string): Promise<void> {
    await (await this.#open())?.delete(this.#key(name));
  }

  async takePartial(): Promise<undefined> {
    return undefined;
  }

  async keepPartial(): Promise<typeof forgetfulKeeper> {
    return forgetfulKeeper;
  }

  #key(name: string): string {
    return `${KEY_BASE}${this.#set}/${name}`;
  }

  /** Undefined where the Cache API is missing or forbidden: plain http, some private windows. */
  async #open(): Promise<Cache | undefined> {
    return globalThis.caches?.open(CACHE_NAME).catch(() => undefined);
  }
}
