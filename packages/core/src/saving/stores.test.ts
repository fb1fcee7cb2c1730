import "fake-indexeddb/auto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ArgumentError, ModelFileError } from "../errors.js";
import { download, indexedDb } from "./browserStores.js";
import { file } from "./fileStore.js";
import * as web from "./modelFilesWeb.js";
import { type ModelSource, type ModelTarget, readSource, writeTarget } from "./stores.js";

const pieces = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];
const whole = Uint8Array.of(1, 2, 3);
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "convoy-stores-")));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllGlobals();
});

describe("paths", () => {
  it("and file: addresses are written and read, missing folders made", async () => {
    const path = join(folder, "a/b/model #1%20.safetensors");
    const sources: (string | URL)[] = [path, pathToFileURL(path), pathToFileURL(path).href];
    for (const target of sources) {
      rmSync(join(folder, "a"), { recursive: true, force: true });
      await writeTarget(target, pieces);
      for (const source of sources) {
        expect(await readSource(source)).toEqual(whole);
      }
    }
    expect(readdirSync(join(folder, "a/b"))).toEqual(["model #1%20.safetensors"]);
  });

  it("are stores, too", async () => {
    const path = join(folder, "a/weights.bin");
    for (const store of [file(path), file(pathToFileURL(path))]) {
      await store.write(whole);
      expect(readdirSync(join(folder, "a"))).toEqual(["weights.bin"]);
      expect(await store.read()).toEqual(whole);
      await store.remove();
      expect(readdirSync(join(folder, "a"))).toEqual([]);
      await store.remove();
      await expect(store.read()).rejects.toThrow(ModelFileError);
    }
    await expect(file(folder).write(whole)).rejects.toThrow(ArgumentError);
  });

  it("keep what is there without overwrite, whoever wrote it", async () => {
    const path = join(folder, "model");
    await writeTarget(path, pieces, false);
    expect(await readSource(path)).toEqual(whole);
    await expect(writeTarget(path, [Uint8Array.of(9)], false)).rejects.toThrow(
      /model is there already, and overwrite is false; save to another place, remove it, or leave overwrite out/,
    );
    expect(await readSource(path)).toEqual(whole);
    // Of two that write at once, one is refused.
    const both = await Promise.allSettled(
      [1, 2].map((byte) => writeTarget(join(folder, "race"), [Uint8Array.of(byte)], false)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(readdirSync(folder).sort()).toEqual(["model", "race"]);
    const kept = new Map<string, Uint8Array>();
    const store = (name: string) => ({
      name,
      read: async () => kept.get(name),
      write: async (bytes: Uint8Array) => kept.set(name, bytes),
    });
    await writeTarget(store("mine"), pieces, false);
    await expect(writeTarget(store("mine"), pieces, false)).rejects.toThrow(/mine is there already/);
    await writeTarget(store("other"), pieces, false);
    expect([...kept.keys()]).toEqual(["mine", "other"]);
  });

  it("keep the old file where the new one cannot be written", async () => {
    const path = join(folder, "model");
    await writeTarget(path, pieces);
    const broken = { length: 4, byteLength: 4 } as unknown as ReturnType<typeof Uint8Array.of>;
    await expect(writeTarget(path, [Uint8Array.of(9), broken])).rejects.toThrow();
    expect(await readSource(path)).toEqual(whole);
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  it.skipIf(process.platform === "win32")("keep the file's mode, and links to it", async () => {
    const path = join(folder, "model");
    const link = join(folder, "link");
    writeFileSync(path, "old");
    chmodSync(path, 0o600);
    symlinkSync(path, link);
    await writeTarget(link, pieces);
    expect(readlinkSync(link)).toBe(path);
    expect(await readSource(path)).toEqual(whole);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("get rid of what killed processes left of the same file, once that is old", async () => {
    const path = join(folder, "model");
    // No process has this number: it is beyond what systems give.
    const dead = "2147483646-0123abcd.tmp";
    const names = [
      `model.${dead}`,
      `model.${process.pid}-0123abcd.tmp`,
      `other.${dead}`,
      "model.txt.tmp",
      `model.x.${dead}`,
    ];
    for (const name of names) {
      writeFileSync(join(folder, name), "");
    }
    await writeTarget(path, pieces);
    expect(readdirSync(folder).sort()).toEqual(["model", ...names].sort());
    for (const name of names) {
      utimesSync(join(folder, name), new Date(0), new Date(0));
    }
    await writeTarget(path, pieces);
    expect(readdirSync(folder).sort()).toEqual(["model", ...names.slice(1)].sort());
  });

  it("that cannot be read are errors that say so", async () => {
    await expect(readSource(join(folder, "none"))).rejects.toThrow(ModelFileError);
    await expect(readSource(join(folder, "none"))).rejects.toThrow(/none cannot be read: there is no such file/);
    mkdirSync(join(folder, "sub"));
    await expect(readSource(join(folder, "sub"))).rejects.toThrow(ModelFileError);
    await expect(writeTarget(join(folder, "sub"), pieces)).rejects.toThrow(
      /sub is a folder; a model is one file, such as .*model/,
    );
  });
});

describe("addresses", () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      response.writeHead(request.url === "/model" ? 200 : 404).end(Buffer.from(whole));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => server.close());

  it("are fetched", async () => {
    expect(await readSource(`${url}/model`)).toEqual(whole);
    expect(await readSource(new URL(`${url}/model`))).toEqual(whole);
    await expect(readSource(`${url}/none`)).rejects.toThrow(/none cannot be read: HTTP 404/);
    await expect(readSource("http://127.0.0.1:1/")).rejects.toThrow(ModelFileError);
  });

  it("are not written to", async () => {
    await expect(writeTarget(new URL(url), pieces)).rejects.toThrow(
      /models are not saved to addresses; save\(\) without/,
    );
  });

  it("are what a page calls paths; it cannot write any", async () => {
    const seen: string[] = [];
    vi.stubGlobal("fetch", async (address: string) => {
      seen.push(address);
      return new Response(whole);
    });
    expect(await web.readPath("/models/a.safetensors")).toEqual(whole);
    expect(seen).toEqual(["/models/a.safetensors"]);
    await expect(web.writePath("a")).rejects.toThrow(/a: a page cannot write files; use stores.indexedDb\(name\)/);
  });
});

describe("other places", () => {
  it("bytes and blobs", async () => {
    expect(await readSource(whole)).toBe(whole);
    expect(await readSource(whole.buffer)).toEqual(whole);
    expect(await readSource(new Blob([whole]))).toEqual(whole);
  });

  it("a store of one's own", async () => {
    let kept: Uint8Array = new Uint8Array(0);
    const own = {
      name: "the shelf",
      write: async (bytes: Uint8Array) => {
        kept = bytes;
      },
      read: async () => kept.buffer as ArrayBuffer,
    };
    await writeTarget(own, pieces);
    expect(kept).toEqual(whole);
    expect(await readSource(own)).toEqual(whole);
    await expect(readSource({ name: "the shelf", read: async () => "text" as never })).rejects.toThrow(
      /read\(\) of the shelf gave no Uint8Array or ArrayBuffer/,
    );
  });

  it.each([null, undefined, 7, {}, [1]])("%s is none", async (place) => {
    await expect(readSource(place as unknown as ModelSource)).rejects.toThrow(ArgumentError);
    await expect(writeTarget(place as unknown as ModelTarget, pieces)).rejects.toThrow(ArgumentError);
  });

  it("IndexedDB keeps models by name", async () => {
    const digits = indexedDb("digits");
    await expect(readSource(digits)).rejects.toThrow(
      /IndexedDB model "digits" cannot be read: there is no model of that name/,
    );
    await writeTarget(digits, [Uint8Array.of(9)]);
    await writeTarget(digits, pieces);
    await writeTarget(indexedDb("digits", "elsewhere"), [Uint8Array.of(8)]);
    expect(await readSource(indexedDb("digits"))).toEqual(whole);
    await digits.remove();
    await expect(readSource(digits)).rejects.toThrow(ModelFileError);
    expect(await readSource(indexedDb("digits", "elsewhere"))).toEqual(Uint8Array.of(8));
    vi.stubGlobal("indexedDB", undefined);
    await expect(readSource(digits)).rejects.toThrow(/there is no IndexedDB here/);
  });

  it("a download is a link that is followed", async () => {
    await expect(writeTarget(download("a.safetensors"), pieces)).rejects.toThrow(
      /there is no page here to download from/,
    );
    const followed: { href: string; download: string }[] = [];
    vi.stubGlobal("document", {
      createElement: () => {
        const link = {
          href: "",
          download: "",
          click: () => followed.push({ href: link.href, download: link.download }),
        };
        return link;
      },
    });
    await writeTarget(download("a.safetensors"), pieces);
    expect(followed).toMatchObject([{ download: "a.safetensors" }]);
    expect(new Uint8Array(await (await fetch(followed[0]!.href)).arrayBuffer())).toEqual(whole);
  });
});
