import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ArgumentError } from "../errors.js";
import { loadFiles, type PublishedSet } from "./load.js";
import type { DatasetOptions } from "./loading.js";
import { store } from "./storeWeb.js";

const content = new Uint8Array(Buffer.from("the numbers of the set"));
const packed = new Uint8Array(gzipSync(content));
const digest = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest("hex");

const toy: PublishedSet<"numbers"> = {
  title: "Toy",
  folder: "toy",
  mirrors: ["/data/toy"],
  files: {
    numbers: {
      name: "numbers-idx1-ubyte",
      packedBytes: packed.length,
      unpackedBytes: content.length,
      packedSha256: digest("sha256", packed),
      content: { algorithm: "sha256", digest: digest("sha256", content) },
    },
  },
};

/** The Cache API as far as the store uses it. */
class MemoryCaches {
  readonly kept: Map<string, Uint8Array<ArrayBuffer>> = new Map();

  async open() {
    return {
      match: async (key: string) => {
        const bytes = this.kept.get(key);
        return bytes && new Response(bytes);
      },
      put: async (key: string, response: Response) => {
        this.kept.set(key, new Uint8Array(await response.arrayBuffer()));
      },
      delete: async (key: string) => this.kept.delete(key),
    };
  }
}

let caches: MemoryCaches;
let fetched: { url: string; headers: Record<string, string> }[];
let responses: (() => Response)[];

beforeEach(() => {
  caches = new MemoryCaches();
  fetched = [];
  responses = [];
  vi.stubGlobal("caches", caches);
  vi.stubGlobal("fetch", async (url: string, { headers }: { headers: Record<string, string> }) => {
    fetched.push({ url, headers });
    return (responses.shift() ?? (() => new Response(packed)))();
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

async function load(options: DatasetOptions = {}, set = toy): Promise<string> {
  const { numbers } = await loadFiles(set, { verbose: 0, retryDelayMs: 0, ...options }, store);
  return Buffer.from(numbers.bytes).toString();
}

describe("in a browser", () => {
  test("a set comes from mirrors, which may be relative addresses, and is kept in the Cache API", async () => {
    expect(await load()).toBe("the numbers of the set");
    expect(fetched.map(({ url }) => url)).toEqual(["/data/toy/numbers-idx1-ubyte.gz"]);
    expect([...caches.kept.keys()]).toEqual(["https://cache.convoy.invalid/toy/numbers-idx1-ubyte.gz"]);
    expect(await load()).toBe("the numbers of the set");
    expect(fetched).toHaveLength(1);
  });

  test("a damaged file in the cache is replaced", async () => {
    caches.kept.set("https://cache.convoy.invalid/toy/numbers-idx1-ubyte.gz", Uint8Array.of(1, 2, 3));
    expect(await load()).toBe("the numbers of the set");
    expect(caches.kept.get("https://cache.convoy.invalid/toy/numbers-idx1-ubyte.gz")).toEqual(packed);
  });

  test("a damaged file from a mirror is refused", async () => {
    responses = [() => new Response("<!DOCTYPE html>")];
    await expect(load()).rejects.toThrow("/data/toy/numbers-idx1-ubyte.gz: not the published numbers-idx1-ubyte");
  });

  test("loading works without the Cache API, and where it is forbidden", async () => {
    vi.stubGlobal("caches", undefined);
    expect(await load()).toBe("the numbers of the set");
    vi.stubGlobal("caches", { open: async () => Promise.reject(new Error("SecurityError")) });
    expect(await load()).toBe("the numbers of the set");
    expect(fetched).toHaveLength(2);
  });

  test("a broken transfer is resumed without If-Range, which would need a preflight", async () => {
    let pulls = 0;
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        pulls++ === 0 ? controller.enqueue(packed.subarray(0, 15)) : controller.error(new TypeError("network error")),
    });
    responses = [
      () => new Response(broken, { headers: { etag: '"1"' } }),
      () => new Response(packed.subarray(15), { status: 206 }),
    ];
    let seen = 0;
    const loading = load({ onProgress: () => seen++ });
    expect(await loading).toBe("the numbers of the set");
    expect(fetched.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=15-"]);
    expect(fetched[1]?.headers["if-range"]).toBeUndefined();
    expect(seen).toBeGreaterThan(0);
  });

  test("a set with no digest that a browser can compute passes by its format", async () => {
    const files = {
      numbers: { ...toy.files.numbers, packedSha256: "", content: { algorithm: "md5" as const, digest: "" } },
    };
    expect(await load({}, { ...toy, files })).toBe("the numbers of the set");
  });

  test("the error names what helps there", async () => {
    responses = [() => new Response("", { status: 404, statusText: "Not Found" })];
    await expect(load()).rejects.toThrow(
      "Toy: numbers-idx1-ubyte is not here and cannot be downloaded. Tried:\n" +
        '  - cache browser cache "convoy-datasets": no numbers-idx1-ubyte.gz\n' +
        "  - /data/toy/numbers-idx1-ubyte.gz: HTTP 404 Not Found\n" +
        "Serve numbers-idx1-ubyte (.gz) from your own server and pass its address in mirrors, or use syntheticDigits(), which needs no files.",
    );
  });

  test("there are no folders", async () => {
    await expect(load({ dataDir: "/data" })).rejects.toThrow(ArgumentError);
    await expect(load({ dataDir: "/data" })).rejects.toThrow('pass their address, mirrors: ["/data/mnist/"]');
    await expect(load({ cacheDir: "/data" })).rejects.toThrow(ArgumentError);
  });

  test("one line goes to the console, none with verbose: 0", async () => {
    const info = vi.spyOn(console, "info").mockReturnValue();
    await load({ verbose: 1 });
    await load();
    expect(info.mock.calls).toEqual([["Downloading Toy"]]);
    info.mockRestore();
  });
});
