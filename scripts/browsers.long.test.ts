import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserType, chromium, firefox } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "./tools.mjs";

/** The example's page, built as for any server; its configuration isolates the page, so that WASM has threads. */
const example = join(root, "examples/browser");
let outDir: string;
let server: PreviewServer;

beforeAll(async () => {
  outDir = mkdtempSync(join(tmpdir(), "convoy-browsers-"));
  const common = { root: example, configFile: join(example, "vite.config.ts"), logLevel: "error" as const };
  await build({ ...common, build: { outDir } });
  server = await preview({ ...common, build: { outDir }, preview: { host: "127.0.0.1", port: 0 } });
});

afterAll(async () => {
  await server.close();
  rmSync(outDir, { recursive: true });
});

/** The browser that `npx playwright-core install` put here; Chromium also from npm's @sparticuz/chromium. */
async function executableOf(type: BrowserType): Promise<string | undefined> {
  const installed = type.executablePath();
  if (existsSync(installed)) return installed;
  if (type !== chromium || process.platform !== "linux" || process.arch !== "x64") return undefined;
  const { default: packaged } = await import("@sparticuz/chromium");
  return await packaged.executablePath();
}

const launches = [
  {
    name: "chromium",
    type: chromium,
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  },
  { name: "firefox", type: firefox, args: [], firefoxUserPrefs: { "dom.webgpu.enabled": true } },
];

describe.each(launches)("$name", ({ name, type, ...options }) => {
  let browser: Browser | undefined;

  beforeAll(async () => {
    const executablePath = await executableOf(type);
    if (executablePath) browser = await type.launch({ executablePath, ...options });
  });

  afterAll(() => browser?.close());

  /** What the page says when it has trained; undefined where it offers no such backend. */
  async function train(backend: "wasm" | "webgpu"): Promise<string | undefined> {
    const page = await browser!.newPage();
    const problems: string[] = [];
    page.on("pageerror", ({ message }) => problems.push(message));
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.waitForFunction(() => document.querySelector<HTMLSelectElement>("select[name=backend]")!.value !== "");
    // Looks for an adapter before it offers WebGPU.
    await page.waitForTimeout(2000);
    if (await page.isDisabled(`option[value=${backend}]`)) return undefined;
    await page.selectOption("select[name=backend]", backend);
    await page.selectOption("select[name=samples]", "1000");
    await page.fill("input[name=epochs]", "2");
    await page.press("input[name=epochs]", "Enter");
    const done = await page.waitForFunction(
      () => {
        const { textContent, className } = document.getElementById("status")!;
        return /^Done|error/.test(textContent + className) ? textContent : undefined;
      },
      undefined,
      { timeout: 300_000 },
    );
    const status = await done.jsonValue();
    await page.close();
    expect(problems).toEqual([]);
    return status ?? "";
  }

  /** A browser that CONVOY_BROWSER names must be there. */
  function available(): boolean {
    if (!browser && process.env.CONVOY_BROWSER === name) throw new Error(`${name} is not installed`);
    return browser !== undefined;
  }

  const missing = `npx playwright-core install ${name} has not been run`;

  test("trains on WASM, on threads", async ({ skip }) => {
    skip(!available(), missing);
    expect(await train("wasm")).toMatch(/^Done in .* s on WASM \(.* threads\): \d+\.\d% of new digits/);
  });

  test("trains on WebGPU", async ({ skip }) => {
    skip(!available(), missing);
    const status = await train("webgpu");
    skip(status === undefined, `${name} finds no adapter for WebGPU on this machine`);
    expect(status).toMatch(/^Done in .* s on WebGPU/);
  });
});
