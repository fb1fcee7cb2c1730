import { expect, it } from "vitest";
import { BrowserPage, findChromium } from "./testing/chromium.js";

const executable = await findChromium();

/** Strokes of a digit, as shares of the drawing area's size. */
const one = [
  [
    [0.5, 0.15],
    [0.5, 0.85],
  ],
] as const;
const seven = [
  [
    [0.25, 0.2],
    [0.75, 0.2],
    [0.45, 0.85],
  ],
] as const;

async function draw(
  { page }: BrowserPage,
  strokes: readonly (readonly (readonly [number, number])[])[],
): Promise<void> {
  await page.click("#clear");
  const box = (await page.locator("#drawing").boundingBox())!;
  for (const stroke of strokes) {
    for (const [index, [x, y]] of stroke.entries()) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 8 });
      if (index === 0) {
        await page.mouse.down();
      }
    }
    await page.mouse.up();
  }
}

it.skipIf(executable === undefined)(
  "the example's page trains and reads a drawn digit",
  async () => {
    const browser = await BrowserPage.open(executable!, "examples/browser", "index.html");
    const { page } = browser;
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    try {
      await page.selectOption("select[name=samples]", "1000");
      await page.fill("input[name=epochs]", "4");
      await page.click("#start");
      await page.waitForFunction(
        () =>
          /^Done|error/.test(
            document.getElementById("status")!.textContent + document.getElementById("status")!.className,
          ),
        undefined,
        { timeout: 300_000 },
      );
      expect(await page.textContent("#status")).toMatch(/^Done in .* s on .*: \d+\.\d% of new digits read right\.$/);
      await draw(browser, one);
      await page.waitForFunction(() => document.getElementById("answer")!.textContent?.startsWith("This is a 1"));
      await draw(browser, seven);
      await page.waitForFunction(() => document.getElementById("answer")!.textContent?.startsWith("This is a 7"));
      expect(await page.locator("#probabilities li").count()).toBe(10);

      // The keyboard alone draws, too: from the top of the middle downwards.
      await page.click("#clear");
      await page.focus("#drawing");
      await page.keyboard.press("Space");
      for (let step = 0; step < 17; step++) {
        await page.keyboard.press("ArrowDown");
      }
      await page.waitForFunction(() => document.getElementById("answer")!.textContent?.startsWith("This is a 1"));
      const folder = process.env.CONVOY_SCREENSHOTS;
      if (folder) {
        await page.screenshot({ path: `${folder}/wide.png`, fullPage: true });
        await page.setViewportSize({ width: 375, height: 760 });
        await page.screenshot({ path: `${folder}/phone.png`, fullPage: true });
      }
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  },
  400_000,
);
