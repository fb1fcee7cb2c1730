import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportPage } from "../html/reportPage.js";
import { someOpsReport, someReport } from "../testing/reports.js";
import { type ServedPage, servePage } from "./servePage.js";

const system = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const browser: Browser | string = await chromium
  .launch({ executablePath: system ?? (await sparticuz.executablePath()), args: ["--no-sandbox"], headless: true })
  .catch((error: Error) => error.message.split("\n", 1)[0] as string);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let served: ServedPage;

beforeAll(async () => {
  served = await servePage(0);
});

afterAll(async () => {
  await served.close();
  if (typeof browser !== "string") {
    await browser.close();
  }
});

async function withPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const page = await (browser as Browser).newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  try {
    const result = await use(page);
    expect(problems).toEqual([]);
    return result;
  } finally {
    await page.close();
  }
}

/** Rules that axe finds broken, in light and dark, on a screen and on a telephone. */
async function violations(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const [width, colorScheme] of [
    [1200, "light"],
    [360, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const result = await page.evaluate("axe.run()");
    const { violations: broken } = result as { violations: { id: string; nodes: { html: string }[] }[] };
    found.push(...broken.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`));
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
  }
  return found;
}

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** Microseconds of the thread's own time. */
  readonly tdur?: number;
}

/**
 * The most that a task of a page's main thread computed, in milliseconds: the thread's own time, so that other work on the machine
 * does not count.
 */
function longestTaskMs(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const main = new Set(
    traceEvents.filter(({ ph, args }) => ph === "M" && args.name === "CrRendererMain").map((event) => thread(event)),
  );
  const tasks = traceEvents.filter((event) => /RunTask$/.test(event.name) && main.has(thread(event)));
  return Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

describe.skipIf(typeof browser === "string")(
  `in headless Chromium${typeof browser === "string" ? ` (skipped: ${browser})` : ""}`,
  () => {
    it("measures in a worker, never holds the page up, and shares the result as a link", { timeout: 90_000 }, () =>
      withPage(async (page) => {
        await page.goto(served.url);
        expect(await page.evaluate("crossOriginIsolated")).toBe(true);
        await page.uncheck("input[value=webgpu]");
        await page.selectOption("select[name=model]", "simple");
        await page.selectOption("select[name=samples]", "1000");
        await (browser as Browser).startTracing(page, { categories: ["toplevel"] });
        await page.evaluate(`
        window.gaps = [];
        let last;
        requestAnimationFrame(function frame(now) {
          if (last !== undefined) window.gaps.push(now - last);
          last = now;
          requestAnimationFrame(frame);
        });
        document.getElementById("start").click();
      `);
        await page.waitForSelector("#actions:not([hidden])", { timeout: 80_000 });
        const gaps = ((await page.evaluate("window.gaps")) as number[]).sort((a, b) => a - b);
        const longest = longestTaskMs(await (browser as Browser).stopTracing());
        expect(longest).toBeGreaterThan(0);
        expect(longest).toBeLessThan(50);
        // Single frames wait for the machine where that is busy; most do not.
        expect(gaps[gaps.length >> 1]).toBeLessThan(50);
        const heading = await page.textContent("#result table:has(caption:text('What was measured')) tbody th");
        expect(heading).toBe("wasm");
        expect(await page.textContent("#status")).toBe("Done.");
        const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
        const report = JSON.parse(readFileSync(await download.path(), "utf8"));
        expect(report.results[0]).toMatchObject({ backend: "wasm", available: true, verdict: { lossesAgree: true } });

        await page.click("#share");
        await page.waitForFunction(() => location.hash.startsWith("#result="));
        const tables = await page.innerHTML("#result");
        const link = page.url();
        await page.goto("about:blank");
        await page.goto(link);
        await page.waitForSelector("#actions:not([hidden])");
        expect(await page.innerHTML("#result")).toBe(tables);
        expect(await violations(page)).toEqual([]);
        await page.goto(`${served.url}#result=nonsense`);
        await page.waitForFunction(() =>
          document.getElementById("status")?.textContent?.startsWith("Error: this link"),
        );
      }),
    );

    it("writes reports that break none of axe's rules", () =>
      withPage(async (page) => {
        const file = join(tmpdir(), `convoy-report-${process.pid}.html`);
        writeFileSync(file, reportPage([someReport(), someReport(), someOpsReport()]));
        await page.goto(`file://${file}`);
        expect(await violations(page)).toEqual([]);
      }));
  },
);

it("serves what was built, to this machine alone", async () => {
  const response = await fetch(served.url);
  expect(await response.text()).toContain("<title>Convoy's benchmark</title>");
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect((await fetch(`${served.url}../../package.json`)).status).toBe(404);
  await expect(servePage(Number(new URL(served.url).port))).rejects.toThrow(/--port \d+ is in use/);
});
