import { loadModel } from "@convoy/core";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";
import { startChromium } from "./testing/chromium.js";
import { servePage } from "./testing/pageServer.js";
import { digits, smallModel } from "./testing/smallModel.js";

const { wasm } = await builtPackage();
const browser = await startChromium();
if (typeof browser === "string") {
  console.log(`skipped: ${browser}`);
}

/** What `page.ts` answers. */
interface Answer {
  readonly isolated: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly history: Readonly<Record<string, number[]>>;
}

type Train = (options: { threads: number; relaxedSimd: boolean }) => Promise<Answer>;

/** Runs work in a page of its own. */
async function inPage<T>(isolated: boolean, work: (page: Page) => Promise<T>): Promise<T> {
  if (typeof browser === "string") {
    throw new Error(browser);
  }
  const server = await servePage(isolated);
  const page = await browser.newPage();
  // Without these a page that cannot load what it needs would only be late.
  const failure = new Promise<never>((_, reject) => {
    page.on("pageerror", reject);
    page.on("response", (response) => {
      if (response.status() >= 400 && !response.url().endsWith("favicon.ico")) {
        reject(new Error(`${response.status()} for ${response.url()}`));
      }
    });
  });
  failure.catch(() => {});
  try {
    await page.goto(server.url);
    await Promise.race([failure, page.waitForFunction("globalThis.train")]);
    return await Promise.race([failure, work(page)]);
  } finally {
    await page.close();
    await server.close();
  }
}

function trainInPage(isolated: boolean, options: Parameters<Train>[0]): Promise<Answer> {
  return inPage(isolated, (page) =>
    page.evaluate((given) => (globalThis as unknown as { train: Train }).train(given), options),
  );
}

async function trainHere() {
  const backend = await wasm({ threads: 1, relaxedSimd: false });
  const { history } = await smallModel(backend).fit(digits.images, digits.labels, {
    epochs: 3,
    batchSize: 32,
    verbose: 0,
  });
  await backend.dispose();
  return history;
}

describe.skipIf(typeof browser === "string")("in a page of headless Chromium", () => {
  afterAll(async () => {
    if (typeof browser !== "string") {
      await browser.close();
    }
  });

  it("trains on threads where the page is cross-origin isolated, to the same numbers as Node", async () => {
    const { isolated, details, history } = await trainInPage(true, { threads: 2, relaxedSimd: false });
    expect(isolated).toBe(true);
    expect(details).toMatchObject({ variant: "threads", threads: 2 });
    expect(history).toEqual(await trainHere());
  });

  it("trains with relaxed SIMD where the engine has it", async () => {
    const { details, history } = await trainInPage(true, { threads: 2, relaxedSimd: true });
    expect(details).toMatchObject({ variant: "threads-relaxed", threads: 2 });
    const plain = await trainHere();
    expect(history.loss![0]!).toBeCloseTo(plain.loss![0]!, 4);
  });

  it("trains on one thread without isolation, to the same numbers, and says why", async () => {
    const { isolated, details, history } = await trainInPage(false, { threads: 2, relaxedSimd: false });
    expect(isolated).toBe(false);
    expect(details).toMatchObject({ variant: "single", threads: 1 });
    expect(details.reason).toContain("cross-origin isolated");
    expect(history).toEqual(await trainHere());
  });

  it("saves into IndexedDB, goes on after a reload to the same numbers, and hands the model over as a download", async () => {
    await inPage(false, async (page) => {
      const expected = await page.evaluate("save()");
      await page.reload();
      await page.waitForFunction("globalThis.goOn");
      const [download, actual] = await Promise.all([page.waitForEvent("download"), page.evaluate("goOn()")]);
      expect(actual).toEqual(expected);
      expect(actual).toHaveLength(2);
      expect(download.suggestedFilename()).toBe("digits.safetensors");
      const model = await loadModel(await download.path());
      expect((await model.getWeights()).map(({ shape }) => shape)).toEqual([[196, 10], [10]]);
    });
  });
});
