import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { store } from "#dataset-store";
import { DatasetError } from "../errors.js";
import { loadFiles, type PublishedSet } from "./load.js";
import type { DatasetOptions } from "./loading.js";

const content = new Uint8Array(randomBytes(300_000));
const packed = new Uint8Array(gzipSync(content));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** What `load` gives when it gets the file. */
const whole = sha256(content);

const toy: PublishedSet<"numbers"> = {
  title: "Toy",
  folder: "toy",
  mirrors: [],
  files: {
    numbers: {
      name: "numbers-idx1-ubyte",
      packedBytes: packed.length,
      unpackedBytes: content.length,
      packedSha256: sha256(packed),
      content: { algorithm: "sha256", digest: whole },
    },
  },
};

/** What a mirror does with a request; the default serves `packed` with ranges. */
interface Mirror {
  readonly body?: Uint8Array;
  readonly etag?: string;
  /** HTTP status instead of the file. */
  readonly status?: number;
  /** Bytes after which the connection breaks, for the first, second, ... request. */
  readonly breaksAfter?: readonly number[];
  /** Closes every connection at once. */
  readonly isDown?: boolean;
  readonly ignoresRanges?: boolean;
  /** Bytes after which nothing more comes. */
  readonly stallsAfter?: number;
  readonly sendsUnpacked?: boolean;
  /** Milliseconds before each sixteenth of the file. */
  readonly pauseMs?: number;
}

let server: Server;
let base: string;
/** An address where nothing listens. */
let nowhere: string;
let folder: string;
let mirrors: Record<string, Mirror>;
/** Every request: mirror, Range, If-Range. */
let requests: { mirror: string; range: string | undefined; ifRange: string | undefined }[];

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = (request.url ?? "").split("/")[1] as string;
  const { range, "if-range": ifRange } = request.headers;
  const turn = requests.filter(({ mirror }) => mirror === name).length;
  requests.push({ mirror: name, range, ifRange: ifRange as string | undefined });
  const mirror = mirrors[name] ?? { status: 404 };
  if (mirror.isDown) {
    request.destroy();
    return;
  }
  if (mirror.status !== undefined) {
    response.writeHead(mirror.status).end("no");
    return;
  }
  const body = mirror.body ?? packed;
  const resumes = range !== undefined && !mirror.ignoresRanges && (ifRange === undefined || ifRange === mirror.etag);
  const start = resumes ? Number(/bytes=(\d+)-/.exec(range)?.[1]) : 0;
  if (start >= body.length && start > 0) {
    response.writeHead(416).end();
    return;
  }
  const headers: Record<string, string | number> = { "content-length": body.length - start };
  if (mirror.etag !== undefined) {
    headers.etag = mirror.etag;
  }
  if (resumes) {
    headers["content-range"] = `bytes ${start}-${body.length - 1}/${body.length}`;
  }
  if (mirror.sendsUnpacked) {
    headers["content-encoding"] = "gzip";
  }
  response.writeHead(resumes ? 206 : 200, headers);
  const end = mirror.stallsAfter ?? mirror.breaksAfter?.[turn] ?? body.length - start;
  const rest = body.subarray(start, start + end);
  const piece = mirror.pauseMs === undefined ? rest.length : Math.ceil(rest.length / 16);
  for (let at = 0; at < rest.length && !response.destroyed; at += piece) {
    await new Promise((done) => setTimeout(done, mirror.pauseMs ?? 0));
    await new Promise((done) => response.write(rest.subarray(at, at + piece), done));
  }
  if (mirror.stallsAfter === undefined) {
    // Breaking at once could take back what is still on its way, the longer the busier the machine is.
    const breaks = start + end < body.length;
    setTimeout(() => (breaks ? response.destroy() : response.end()), breaks && end > 0 ? 250 : 20);
  }
}

beforeAll(async () => {
  const closed = createServer();
  await new Promise<void>((ready) => closed.listen(0, "127.0.0.1", ready));
  nowhere = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/`;
  closed.close();
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convoy-download-"));
  vi.stubEnv("CONVOY_DATA_DIR", "");
  mirrors = { a: {}, b: {} };
  requests = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const cacheFolder = () => join(folder, "datasets", "toy");

async function load(options: DatasetOptions = {}): Promise<string> {
  const settings = { cacheDir: folder, mirrors: [`${base}/a/`, `${base}/b`], verbose: 0 as const, retryDelayMs: 0 };
  const { numbers } = await loadFiles(toy, { ...settings, ...options }, store);
  return sha256(numbers.bytes);
}

const asked = () => requests.map(({ mirror, range }) => `${mirror} ${range ?? "whole"}`);

describe("a download", () => {
  test("comes from the first mirror, is kept, and is not repeated", async () => {
    expect(await load()).toBe(whole);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz"]);
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a whole"]);
  });

  test("reports its progress", async () => {
    const reports: number[] = [];
    await load({ onProgress: (received, total) => reports.push(received / total) });
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.at(-1)).toBe(1);
    expect([...reports].sort((a, b) => a - b)).toEqual(reports);
  });

  test("prints one line without a terminal, nothing with verbose: 0", async () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      await load({ cacheDir: join(folder, "first"), verbose: 1 });
      expect(write.mock.calls).toEqual([["Downloading Toy\n"]]);
      await load({ cacheDir: join(folder, "second") });
      expect(write.mock.calls).toHaveLength(1);
    } finally {
      write.mockRestore();
    }
  });

  test("works where nothing can be kept, and says so", async () => {
    await writeFile(join(folder, "file"), "");
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      expect(await load({ cacheDir: join(folder, "file"), verbose: 1 })).toBe(whole);
      expect(write.mock.calls.at(-1)?.[0]).toMatch(/^numbers-idx1-ubyte is not kept for next time: E/);
    } finally {
      write.mockRestore();
    }
  });

  test("takes a file that the server unpacks on the way", async () => {
    mirrors.a = { sendsUnpacked: true };
    expect(await load()).toBe(whole);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte"]);
    expect(await load()).toBe(whole);
    expect(requests).toHaveLength(1);
  });
});

describe("a mirror", () => {
  test.each([404, 403, 500, 503])("that answers %s is left for the next", async (status) => {
    mirrors.a = { status };
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a whole", "b whole"]);
  });

  test("that cannot be reached is left for the next", async () => {
    expect(await load({ mirrors: [nowhere, `${base}/b/`] })).toBe(whole);
  });

  test("with another file is left for the next, and its file is not kept", async () => {
    mirrors.a = { body: new Uint8Array(Buffer.from("<!DOCTYPE html> please log in")) };
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a whole", "b whole"]);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz"]);
  });

  test("with a damaged file is left for the next", async () => {
    mirrors.a = { body: packed.with(1000, (packed[1000] as number) ^ 1) as Uint8Array };
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a whole", "b whole"]);
  });

  test("is named with its failure when all fail", async () => {
    mirrors = { a: { status: 503 }, b: { body: gzipSync("something else") } };
    const error = await load({ mirrors: [`${base}/a/`, `${base}/b/`, nowhere] }).catch((reason) => reason);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toContain("  - CONVOY_DATA_DIR: not set\n");
    expect(error.message).toContain(`  - ${base}/a/numbers-idx1-ubyte.gz: HTTP 503 Service Unavailable\n`);
    expect(error.message).toContain(
      `  - ${base}/b/numbers-idx1-ubyte.gz: not the published numbers-idx1-ubyte of Toy: sha256 of the 14 unpacked bytes is`,
    );
    expect(error.message).toContain(`  - ${nowhere}numbers-idx1-ubyte.gz: fetch failed (ECONNREFUSED)\n`);
    expect(error.message).toContain("Set CONVOY_DATA_DIR");
    expect(await readdir(cacheFolder())).toEqual([]);
  });

  test("that goes silent is left after timeoutMs", async () => {
    mirrors.a = { stallsAfter: 0 };
    const start = performance.now();
    expect(await load({ timeoutMs: 100 })).toBe(whole);
    expect(performance.now() - start).toBeLessThan(5000);
    mirrors.b = { stallsAfter: 0 };
    await expect(load({ cacheDir: join(folder, "other"), timeoutMs: 50 })).rejects.toThrow("no data for 0.05 s");
  });
});

describe("a broken transfer", () => {
  test("is resumed where it broke", async () => {
    mirrors.a = { breaksAfter: [100_000, 50_000], etag: '"1"' };
    expect(await load()).toBe(whole);
    expect(requests).toEqual([
      { mirror: "a", range: undefined, ifRange: undefined },
      { mirror: "a", range: "bytes=100000-", ifRange: '"1"' },
      { mirror: "a", range: "bytes=150000-", ifRange: '"1"' },
    ]);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz"]);
  });

  test("starts over where the server does not resume", async () => {
    mirrors.a = { breaksAfter: [100_000], ignoresRanges: true };
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a whole", "a bytes=100000-"]);
  });

  test("of a file that the server unpacks starts over", async () => {
    mirrors.a = { breaksAfter: [100_000], sendsUnpacked: true };
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a whole", "a whole"]);
  });

  test("that never ends is given up, and left to a later call", async () => {
    mirrors = { a: { breaksAfter: [50_000, 0, 0, 0, 0, 0], etag: '"1"' }, b: { status: 404 } };
    await expect(load()).rejects.toThrow(`${base}/a/numbers-idx1-ubyte.gz: `);
    expect(asked()).toEqual(["a whole", "a bytes=50000-", "a bytes=50000-", "b whole"]);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz.part"]);
    requests = [];
    mirrors.a = { etag: '"1"' };
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a bytes=50000-"]);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz"]);
  });

  test("outlives a network that is down", async () => {
    mirrors = { a: { breaksAfter: [50_000, 0, 0], etag: '"1"' }, b: { status: 404 } };
    await expect(load()).rejects.toThrow(DatasetError);
    mirrors = { a: { isDown: true }, b: { isDown: true } };
    await expect(load()).rejects.toThrow(/a\/numbers-idx1-ubyte.gz: fetch failed \(UND_ERR_SOCKET\)/);
    mirrors.a = { etag: '"1"' };
    requests = [];
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a bytes=50000-"]);
  });

  test("is resumed at the mirror where it began, though another comes first", async () => {
    mirrors = { a: { status: 404 }, b: { breaksAfter: [50_000, 0, 0], etag: '"1"' } };
    await expect(load()).rejects.toThrow(DatasetError);
    mirrors = { a: {}, b: { etag: '"1"' } };
    requests = [];
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["b bytes=50000-"]);
  });

  test("starts over when the file has changed meanwhile", async () => {
    mirrors = { a: { breaksAfter: [50_000, 0, 0], etag: '"1"' }, b: { status: 404 } };
    await expect(load()).rejects.toThrow(DatasetError);
    mirrors.a = { etag: '"2"' };
    requests = [];
    expect(await load()).toBe(whole);
    expect(requests).toEqual([{ mirror: "a", range: "bytes=50000-", ifRange: '"1"' }]);
  });

  test("joined from two files is told by its digest and starts over", async () => {
    mirrors = { a: { body: new Uint8Array(packed.length), breaksAfter: [50_000, 0, 0] }, b: { status: 404 } };
    await expect(load()).rejects.toThrow(DatasetError);
    mirrors.a = {};
    requests = [];
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a bytes=50000-", "a whole"]);
  });

  test("longer than the file starts over", async () => {
    mirrors = {
      a: { body: new Uint8Array(packed.length + 9), breaksAfter: [packed.length + 5, 0, 0] },
      b: { status: 404 },
    };
    await expect(load()).rejects.toThrow(DatasetError);
    mirrors.a = {};
    requests = [];
    expect(await load()).toBe(whole);
    expect(asked()).toEqual([`a bytes=${packed.length + 5}-`, "a whole"]);
  });
});

describe("an abort", () => {
  test("rejects with the signal's reason and keeps what came", async () => {
    mirrors.a = { stallsAfter: 100_000, etag: '"1"' };
    const controller = new AbortController();
    const reason = new Error("enough");
    const loading = load({
      signal: controller.signal,
      onProgress: (received) => received >= 100_000 && controller.abort(reason),
    });
    await expect(loading).rejects.toBe(reason);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz.part"]);
    mirrors.a = { etag: '"1"' };
    requests = [];
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a bytes=100000-"]);
  });

  test("before the start asks no mirror", async () => {
    await expect(load({ signal: AbortSignal.abort() })).rejects.toThrow("aborted");
    expect(requests).toEqual([]);
  });

  test("ends the wait before a retry", async () => {
    mirrors.a = { breaksAfter: [1000] };
    const controller = new AbortController();
    const loading = load({ signal: controller.signal, retryDelayMs: 60_000 });
    setTimeout(() => controller.abort(), 200);
    await expect(loading).rejects.toThrow("aborted");
  });
});

test("many at once in one process all get the file", async () => {
  mirrors.a = { pauseMs: 2, etag: '"1"' };
  const loaded = await Promise.all(Array.from({ length: 8 }, () => load()));
  expect(new Set(loaded)).toEqual(new Set([whole]));
  expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz"]);
});

describe("processes", () => {
  let built: string;

  // Node 20 runs no TypeScript, so the modules are compiled for the processes that load them.
  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), "convoy-built-"));
    const source = dirname(fileURLToPath(import.meta.url));
    const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
    const options = "--ignoreConfig --module nodenext --target es2023 --skipLibCheck --noCheck --types node".split(" ");
    const files = ["load.ts", "storeNode.ts"].map((name) => join(source, name));
    execFileSync(process.execPath, [tsc, ...options, "--rootDir", dirname(source), "--outDir", built, ...files]);
    await writeFile(join(built, "package.json"), '{ "type": "module" }');
    await writeFile(
      join(built, "child.js"),
      `import { createHash } from "node:crypto";
       import { loadFiles } from "./datasets/load.js";
       import { store } from "./datasets/storeNode.js";
       const { numbers } = await loadFiles(JSON.parse(process.argv[2]), JSON.parse(process.argv[3]), store);
       console.log(createHash("sha256").update(numbers.bytes).digest("hex"));`,
    );
  });

  afterAll(async () => {
    await rm(built, { recursive: true, force: true });
  });

  function start(): ChildProcess {
    const options = { cacheDir: folder, mirrors: [`${base}/a/`], verbose: 0 };
    const script = [join(built, "child.js"), JSON.stringify(toy), JSON.stringify(options)];
    return spawn(process.execPath, script, { stdio: ["ignore", "pipe", "inherit"] });
  }

  test("that load at once all get the file and leave one copy", async () => {
    mirrors.a = { pauseMs: 60, etag: '"1"' };
    const outputs = Array.from({ length: 4 }, async () => {
      const child = start();
      let output = "";
      for await (const text of child.stdout ?? []) {
        output += text;
      }
      return output.trim();
    });
    expect(await Promise.all(outputs)).toEqual(Array(4).fill(whole));
    expect(requests.length).toBeGreaterThan(1);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz"]);
  });

  test("that are killed leave what they got to the next one", async () => {
    mirrors.a = { stallsAfter: 120_000, etag: '"1"' };
    const child = start();
    const ended = new Promise((done) => child.once("exit", done));
    await vi.waitFor(
      async () => {
        const [name] = await readdir(cacheFolder());
        expect((await readFile(join(cacheFolder(), name as string))).length).toBeGreaterThan(120_000);
      },
      { timeout: 10_000, interval: 20 },
    );
    child.kill("SIGKILL");
    await ended;
    mirrors.a = { etag: '"1"' };
    requests = [];
    expect(await load()).toBe(whole);
    expect(asked()).toEqual(["a bytes=120000-"]);
    expect(await readdir(cacheFolder())).toEqual(["numbers-idx1-ubyte.gz"]);
  });
});
