import { expect, it } from "vitest";
import { BrowserPage, findChromium } from "./testing/chromium.js";

const executable = await findChromium();

it.skipIf(executable === undefined)(
  "the contract holds in a page in Chromium",
  async () => {
    const browser = await BrowserPage.open(executable!, "packages/backend-webgpu", "src/testing/page.html");
    try {
      await browser.page.waitForFunction(() => window.conformance);
      const report = await browser.page.evaluate(() => window.conformance!(["smoke"]));
      console.log(`webgpu in Chromium: ${report.device}, ${report.count} cases`);
      expect(report.failures).toEqual([]);
      expect(report.passed).toBe(true);
    } finally {
      await browser.close();
    }
  },
  120_000,
);

it.skipIf(executable === undefined)(
  "tuning keeps its choices in IndexedDB",
  async () => {
    const browser = await BrowserPage.open(executable!, "packages/backend-webgpu", "src/testing/page.html");
    try {
      await browser.page.waitForFunction(() => window.tune);
      expect(await browser.page.evaluate(() => window.tune!("tuning"))).toBeGreaterThan(0);
    } finally {
      await browser.close();
    }
  },
  120_000,
);
