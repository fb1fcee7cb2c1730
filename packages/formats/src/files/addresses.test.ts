import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { layers, type Model, ModelFileError, sequential } from "@convoy/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { loadModel, loadWeights } from "../loadModel.js";
import { writeTfjs } from "../tfjs/index.js";
import { fetchBytes, maxFetched } from "./fetchBytes.js";
import * as web from "./filesWeb.js";

let server: Server;
let origin: string;
/** What is served, by path and query. */
let served: Map<string, Uint8Array>;
let asked: string[];
let compressed: boolean;
/** How many bytes an endless body has sent. */
let sent: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url === "/endless") {
      const piece = new Uint8Array(2 ** 16);
      const more = (): void => {
        while (!response.destroyed && response.write(piece)) {
          sent += piece.length;
        }
      };
      response.on("drain", more);
      more();
      return;
    }
    const bytes = served.get(request.url!);
    if (bytes === undefined) {
      response.writeHead(404).end();
    } else if (compressed) {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(bytes));
    } else {
      response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  served = new Map();
  asked = [];
  compressed = false;
  sent = 0;
});
afterEach(() => vi.unstubAllGlobals());

describe("bytes of an address", () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index) % 251);

  test("of weights that an index lists end where the index says that they do", async () => {
    const total = 4 * 100_000;
    const index = { metadata: { total_size: total }, weight_map: { "/layers/dense/vars": "endless" } };
    served.set("/model.weights.json", new TextEncoder().encode(JSON.stringify(index)));
    const made = sequential([layers.dense({ units: 100, inputShape: [999] })]);
    await expect(loadWeights(made, `${origin}/model.weights.json`)).rejects.toThrow(
      /endless cannot be read: it has more than the 481920 bytes that the weights that the model's index lists take/,
    );
    expect(sent).toBeLessThan(2 ** 23);
  });

  test.each([false, true])("come whole up to the limit; compressed: %s", async (gzip) => {
    compressed = gzip;
    served.set("/a", bytes);
    served.set("/none", new Uint8Array());
    expect(Buffer.compare(await fetchBytes(`${origin}/a`), bytes)).toBe(0);
    expect(Buffer.compare(await fetchBytes(`${origin}/a`, bytes.length), bytes)).toBe(0);
    expect(await fetchBytes(`${origin}/none`, 0)).toEqual(new Uint8Array());
    const short = fetchBytes(`${origin}/a`, bytes.length - 1);
    await expect(short).rejects.toThrow(ModelFileError);
    await expect(short).rejects.toThrow(/\/a cannot be read: it has more than the 299999 bytes/);
    expect(maxFetched).toBe(4 * 1024 ** 3);
  });

  test("are no longer asked for once there are too many", async () => {
    await expect(fetchBytes(`${origin}/endless`, 2 ** 20)).rejects.toThrow(/more than the 1048576 bytes/);
    // Beside those that were taken, what fits the buffers of the connection.
    expect(sent).toBeLessThan(2 ** 26);
  });

  test("say where they do not come", async () => {
    await expect(fetchBytes(`${origin}/b`)).rejects.toThrow(/HTTP 404/);
  });
});

describe("weight files", () => {
  let made: Model;
  async function serve(folder: string, query = ""): Promise<string[]> {
    made = sequential([layers.input({ shape: [2] }), layers.dense({ units: 3 })]);
    await made.setWeights([
      { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] },
      { data: Float32Array.of(7, 8, 9), shape: [3] },
    ]);
    const files = await writeTfjs(made);
    for (const [name, bytes] of Object.entries(files)) {
      served.set(`${folder}${name}${query}`, bytes);
    }
    return Object.keys(files);
  }

  test("are read no further than the weights that model.json lists", async () => {
    const shard = (await serve("/")).find((name) => name.endsWith(".bin"))!;
    expect(await (await loadModel(`${origin}/model.json`)).getWeights()).toEqual(await made.getWeights());
    served.set(`/${shard}`, new Uint8Array(37));
    await expect(loadModel(`${origin}/model.json`)).rejects.toThrow(/more than the 36 bytes that the weights/);
  });

  test.each([
    ["document", () => ({ baseURI: `${origin}/app/page.html?x=a/b` })],
    ["location", () => ({ href: `${origin}/app/worker.js` })],
  ])("are beside a path of a page that has a query, by its %s", async (global, make) => {
    vi.stubGlobal(global, make());
    const names = await serve("/app/models/", "?token=a/b");
    const { bytes, path, sibling } = await web.readPath("models/model.json?token=a/b");
    expect(path).toBe("models/model.json?token=a/b");
    expect(bytes).toEqual(served.get("/app/models/model.json?token=a/b"));
    const shard = names.find((name) => name.endsWith(".bin"))!;
    expect(await sibling(shard, 36)).toHaveLength(36);
    expect(asked).toEqual(["/app/models/model.json?token=a/b", `/app/models/${shard}?token=a/b`]);
  });

  test("a path that is no address says so", async () => {
    vi.stubGlobal("location", { href: "blob:nothing" });
    await expect(web.readPath("models/model.json")).rejects.toThrow(
      /models\/model.json cannot be read: it is no address/,
    );
  });
});
