import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, createServer, preview } from "vite";

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

/**
 * How a page is served: by a development server over the packages' sources or over what the packages have been built to, or
 * as the files that `vite build` writes for any server.
 */
export type Serving = "sources" | "packages" | "files";

export interface PageOptions {
  /** Default "sources". */
  readonly serving?: Serving;
  /** Runs in the page before its own scripts; cannot use anything outside of itself. */
  readonly before?: () => void;
  /** Whether the page may share memory between threads: false takes away the headers that its server sends for that; default true. */
  readonly isolated?: boolean;
}

interface Served {
  readonly url: string;
  close(): Promise<void>;
}

const repository = fileURLToPath(new URL("../../../..", import.meta.url));

/** Serves a folder of the repository, with its own vite.config.ts where it has one. */
async function serve(folder: string, serving: Serving): Promise<Served> {
  const root = join(repository, folder);
  const config = join(root, "vite.config.ts");
  const common = { root, configFile: existsSync(config) ? config : false, logLevel: "error" } as const;
  const address = { host: "127.0.0.1", port: 0 };
  if (serving !== "files") {
    const conditions = ["module", "browser", "development|production"];
    const server = await createServer({
      ...common,
      resolve: { conditions: serving === "sources" ? ["@convoy/source", ...conditions] : conditions },
      // A page that reloads because someone edits a file would lose what the test waits for.
      server: { ...address, fs: { allow: [repository] }, hmr: false, watch: null },
    });
    await server.listen();
    return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
  }
  const outDir = await mkdtemp(join(tmpdir(), "convoy-page-"));
  await build({ ...common, build: { outDir } });
  const server = await preview({ ...common, build: { outDir }, preview: address });
  return {
    url: server.resolvedUrls!.local[0]!,
    async close() {
      await server.close();
      await rm(outDir, { recursive: true });
    },
  };
}

/** A page of this repository in a headless Chromium with WebGPU on SwiftShader. */
export class BrowserPage {
  readonly page: Page;
  /** What went wrong in the page: errors that nothing has caught, files that the server does not have. */
  readonly problems: readonly string[];
  readonly #browser: Browser;
  readonly #served: Served;

  private constructor(page: Page, problems: readonly string[], browser: Browser, served: Served) {
    this.page = page;
    this.problems = problems;
    this.#browser = browser;
    this.#served = served;
  }

  /** Opens `path` under `folder`, a path within the repository. */
  static async open(
    executablePath: string,
    folder: string,
    path: string,
    { serving = "sources", before, isolated = true }: PageOptions = {},
  ): Promise<BrowserPage> {
    const served = await serve(folder, serving);
    const browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
    });
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("response", (response) => {
      if (response.status() >= 400) {
        problems.push(`${response.status()} for ${response.url()}`);
      }
    });
    if (before !== undefined) {
      await page.addInitScript(before);
    }
    if (!isolated) {
      await page.route("**/*", async (route) => {
        const response = await route.fetch();
        const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith("cross-origin-"));
        await route.fulfill({ response, headers: Object.fromEntries(headers) });
      });
    }
    await page.goto(new URL(path, served.url).href);
    return new BrowserPage(page, problems, browser, served);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#served.close();
  }
}
