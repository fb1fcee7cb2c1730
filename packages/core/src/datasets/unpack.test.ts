import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip, deflateRawSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DatasetError } from "../errors.js";
import { declaredIdxSize } from "./idx.js";
import { mnist } from "./mnist.js";
import { gunzip, unpack } from "./unpack.js";

const limit = { bytes: 1000, reason: "the size that was agreed" };

/** A gzip file of zeros after a head, small however large. */
async function gzipOfZeros(bytes: number, head: Uint8Array = new Uint8Array(0)): Promise<Uint8Array<ArrayBuffer>> {
  const gzip = createGzip({ level: 1 });
  const parts: Buffer[] = [];
  gzip.on("data", (part: Buffer) => parts.push(part));
  const done = new Promise((resolve) => gzip.on("end", resolve));
  gzip.write(head);
  for (let left = bytes - head.length; left > 0; left -= 2 ** 22) {
    const zeros = Buffer.alloc(Math.min(left, 2 ** 22));
    await new Promise((resolve) => gzip.write(zeros, resolve));
  }
  gzip.end();
  await done;
  return new Uint8Array(Buffer.concat(parts));
}

describe("unpacking", () => {
  test("gives what was packed", async () => {
    const content = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 251);
    expect(await gunzip(new Uint8Array(gzipSync(content)), { fileName: "a.gz", limit })).toEqual(content);
    expect(await unpack(new Uint8Array(deflateRawSync(content)), "deflate-raw", { fileName: "a", limit })).toEqual(
      content,
    );
  });

  test("stops at the limit and names the file and both sizes", async () => {
    const bytes = await gzipOfZeros(50_000_000);
    const unpacking = gunzip(bytes, { fileName: "big.gz", limit });
    await expect(unpacking).rejects.toThrow(DatasetError);
    await expect(unpacking).rejects.toThrow(
      new RegExp(
        `^big.gz: its ${bytes.length} bytes unpack to more than 1000 bytes, the size that was agreed: stopped after \\d{4,6} ` +
          "\\(its last bytes declare 50000000\\); replace the file$",
      ),
    );
  });

  test("stops at the size that the file's own header declares", async () => {
    const head = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 20);
    const declaredSize = declaredIdxSize;
    const roomy = { bytes: 2 ** 30, reason: "which is allowed" };
    const whole = await gunzip(await gzipOfZeros(28, head), { fileName: "a.gz", limit: roomy, declaredSize });
    expect(whole).toEqual(Uint8Array.from([...head, ...new Uint8Array(20)]));
    await expect(
      gunzip(await gzipOfZeros(5_000_000, head), { fileName: "a.gz", limit: roomy, declaredSize }),
    ).rejects.toThrow(/unpack to more than 28 bytes, its header declares \[20\] of uint8: stopped after/);
    await expect(gunzip(await gzipOfZeros(5_000_000, head), { fileName: "a.gz", limit, declaredSize })).rejects.toThrow(
      "unpack to more than 28 bytes",
    );
  });

  test("refuses a header that declares more than is allowed, before it unpacks", async () => {
    const head = Uint8Array.of(0, 0, 8, 1, 0xb2, 0xd0, 0x5e, 0x00);
    await expect(
      gunzip(await gzipOfZeros(100, head), { fileName: "a.gz", limit, declaredSize: declaredIdxSize }),
    ).rejects.toThrow(
      "a.gz: its header declares [3000000000] of uint8, 3000000008 bytes, more than 1000 bytes, the size that was agreed; replace the file",
    );
  });

  test("tells damage from size", async () => {
    await expect(gunzip(new Uint8Array(gzipSync("abc")).slice(0, 15), { fileName: "a.gz", limit })).rejects.toThrow(
      "a.gz: not a complete gzip file (15 bytes)",
    );
  });
});

describe("a set's file that is far too large", () => {
  let folder: string;
  let server: Server | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "convoy-unpack-"));
    await mkdir(join(folder, "mnist"));
    vi.stubEnv("CONVOY_DATA_DIR", "");
    vi.stubEnv("CONVOY_CACHE_DIR", join(folder, "cache"));
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    server?.closeAllConnections();
    server?.close();
    server = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const name = "train-images-idx3-ubyte";
  const published = `the size of the published ${name} of MNIST; replace the file, or pass verify: false to use it as it is`;

  test("is not unpacked, and takes no more memory than the set", async () => {
    const bytes = await gzipOfZeros(300_000_000);
    await writeFile(join(folder, "mnist", `${name}.gz`), bytes);
    const before = process.memoryUsage().rss;
    await expect(mnist({ dataDir: folder, download: false })).rejects.toThrow(
      new RegExp(`${name}.gz: its ${bytes.length} bytes unpack to more than 47040016 bytes, the size of the published`),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  test("is not unpacked without verify either", async () => {
    const head = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 28, 0, 0, 0, 28);
    await writeFile(join(folder, "mnist", `${name}.gz`), await gzipOfZeros(100_000_000, head));
    await expect(mnist({ dataDir: folder, download: false, verify: false })).rejects.toThrow(
      "unpack to more than 7856 bytes, its header declares [10,28,28] of uint8",
    );
    await writeFile(join(folder, "mnist", `${name}.gz`), await gzipOfZeros(100_000, Uint8Array.of(9)));
    await expect(mnist({ dataDir: folder, download: false, verify: false, maxBytes: 50_000 })).rejects.toThrow(
      "unpack to more than 50000 bytes, which maxBytes allows",
    );
  });

  test("is not even read where it is not packed", async () => {
    const path = join(folder, "mnist", name);
    await writeFile(path, "");
    await truncate(path, 3e9); // a hole: takes no space on the disk
    await expect(mnist({ dataDir: folder, download: false })).rejects.toThrow(
      `${path}: has 3000000000 bytes, more than 47091153 bytes, what 47040016 bytes pack into at most, ${published}`,
    );
  });

  test("is not downloaded", async () => {
    await writeFile(join(folder, "endless"), "");
    await truncate(join(folder, "endless"), 3e9);
    let requests = 0;
    server = createServer((_, response) => {
      requests++;
      createReadStream(join(folder, "endless"))
        .on("error", () => undefined)
        .pipe(response);
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(mnist({ mirrors: [mirror], verbose: 0, retryDelayMs: 0 })).rejects.toThrow(
      /train-images-idx3-ubyte.gz: sends \d+ bytes or more, expected at most 47091153, what 47040016 bytes pack into at most, the size of the published/,
    );
    expect(requests).toBe(1);
  });
});
