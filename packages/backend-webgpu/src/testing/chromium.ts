import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium, type Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";

/** Where distributions put a Chromium or Chrome. */
const usualPlaces = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:/Program Files/Google/Chrome/Application/chrome.exe",
];

/** A Chromium of this machine, or the one that npm's @sparticuz/chromium brings for Linux; undefined where there is none. */
export async function findChromium(): Promise<string | undefined> {
  const installed = [process.env.CHROMIUM_PATH, ...usualPlaces].find((path) => path && existsSync(path));
  if (installed !== undefined) {
    return installed;
  }
  return process.platform === "linux" && process.arch === "x64" ? await sparticuz.executablePath() : undefined;
}

/** A page of this repository, served from its sources, in a headless Chromium with WebGPU on SwiftShader. */
export class BrowserPage {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #server: ViteDevServer;

  private constructor(page: Page, browser: Browser, server: ViteDevServer) {
    this.page = page;
    this.#browser = browser;
    this.#server = server;
  }

  /** Opens `path` under `folder` (a path within the repository), with the folder's own vite.config.ts where it has one. */
  static async open(executablePath: string, folder: string, path: string): Promise<BrowserPage> {
    const root = fileURLToPath(new URL(`../../../../${folder}`, import.meta.url));
    const config = join(root, "vite.config.ts");
    const server = await createServer({
      root,
      configFile: existsSync(config) ? config : false,
      logLevel: "error",
      resolve: { conditions: ["@convoy/source", "module", "browser", "development|production"] },
      server: { host: "127.0.0.1", port: 0, fs: { allow: [fileURLToPath(new URL("../../../..", import.meta.url))] } },
    });
    await server.listen();
    const browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
    });
    const page = await browser.newPage();
    await page.goto(new URL(path, server.resolvedUrls!.local[0]).href);
    return new BrowserPage(page, browser, server);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }
}
