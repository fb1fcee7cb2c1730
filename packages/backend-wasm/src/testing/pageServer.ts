import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const packageRoot = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(import.meta.url);

/** Folders that the page may load from, by the first part of the path. */
const folders: Readonly<Record<string, string>> = {
  wasm: join(packageRoot, "dist"),
  core: join(packageRoot, "../core/dist"),
  testing: join(packageRoot, "src/testing"),
  detect: join(dirname(require.resolve("wasm-feature-detect")), "../esm"),
};

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".ts": "text/javascript",
  ".html": "text/html",
  ".wasm": "application/wasm",
};

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** What a bundler would do: names of packages to files, the browser's side of each choice. */
const importMap = {
  imports: {
    "#platform": "/wasm/device/platformWeb.js",
    "#terminal": "/core/callbacks/terminalPlain.js",
    "#dataset-store": "/core/datasets/storeWeb.js",
    "#model-files": "/core/saving/modelFilesWeb.js",
    "#event-files": "/core/callbacks/tensorBoard/eventFilesWeb.js",
    "@convoy/backend-wasm": "/wasm/index.js",
    "@convoy/core": "/core/index.js",
    "@convoy/core/backend": "/core/backend/index.js",
    "@convoy/core/datasets": "/core/datasets/index.js",
    "wasm-feature-detect": "/detect/index.js",
  },
};

const page =
  `<!doctype html><title>Convoy</title><script type="importmap">${JSON.stringify(importMap)}</script>` +
  '<script type="module" src="/testing/page.ts"></script>';

/** Serves the built packages and the page that trains, with or without cross-origin isolation. */
export async function servePage(isolated: boolean): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname;
    const [, first, ...rest] = path.split("/");
    try {
      const folder = folders[first!];
      const body = path === "/" ? page : await readFile(join(folder!, normalize(rest.join("/"))));
      const type = path === "/" ? "text/html" : (types[extname(path)] ?? "application/octet-stream");
      response.writeHead(200, { "Content-Type": type, ...(isolated ? isolation : {}) }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
