import { describe, expect, it } from "vitest";
import { BrowserPage, findChromium, type PageOptions } from "./testing/chromium.js";

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

/** Waits for what the page says of the drawing. */
async function answers({ page }: BrowserPage, digit: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.getElementById("answer")!.textContent?.startsWith(wanted),
    `This is a ${digit}`,
  );
}

/** Trains on a few digits and waits for what the page says in the end. */
async function train({ page }: BrowserPage, backend: "webgpu" | "wasm" | "as offered", epochs: number) {
  if (backend !== "as offered") {
    await page.selectOption("select[name=backend]", backend);
  }
  await page.selectOption("select[name=samples]", "1000");
  await page.fill("input[name=epochs]", String(epochs));
  await page.evaluate(() => {
    const progress = document.getElementById("progress") as HTMLProgressElement;
    const chart = document.getElementById("chart") as HTMLCanvasElement;
    const pictures = new Set<string>();
    window.curvesSeen = pictures;
    const look = (): void => {
      if (progress.value > 0 && progress.value < 1) {
        pictures.add(chart.toDataURL());
      }
      requestAnimationFrame(look);
    };
    look();
  });
  // Enter in a field starts as well as a click on the button.
  await page.press("input[name=epochs]", "Enter");
  await page.waitForFunction(
    () => {
      const { textContent, className } = document.getElementById("status")!;
      return /^Done|error/.test(textContent + className);
    },
    undefined,
    { timeout: 300_000 },
  );
  return await page.textContent("#status");
}

/** How many states of the loss curve were on the screen while it trained. */
const curvesSeen = ({ page }: BrowserPage): Promise<number> => page.evaluate(() => window.curvesSeen!.size);

/** Pictures of the page as it is, wide and on a phone, light and dark, for whoever asks for them. */
async function picture({ page }: BrowserPage, name: string): Promise<void> {
  const folder = process.env.CONVOY_SCREENSHOTS;
  if (!folder) {
    return;
  }
  for (const [size, width, height] of [
    ["wide", 1280, 800],
    ["phone", 375, 760],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png`, fullPage: true });
    }
  }
}

/** Nothing sticks out of a phone's screen. */
async function fitsPhone({ page }: BrowserPage): Promise<void> {
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
}

/** Opens the example's page for `use`; nothing may go wrong in it that the page does not tell. */
async function withPage(options: PageOptions, use: (browser: BrowserPage) => Promise<void>): Promise<void> {
  const browser = await BrowserPage.open(executable!, "examples/browser", "index.html", options);
  try {
    await use(browser);
    expect(browser.problems).toEqual([]);
  } finally {
    await browser.close();
  }
}

describe.skipIf(executable === undefined)("the example's page", () => {
  it("trains on WebGPU and reads a drawn digit", { timeout: 400_000 }, () =>
    withPage({}, async (browser) => {
      const { page } = browser;
      expect(await train(browser, "webgpu", 4)).toMatch(/^Done in .* s on WebGPU \(.*\): \d+\.\d% of new digits/);
      expect(await curvesSeen(browser)).toBeGreaterThan(3);
      expect(await page.isVisible("#backend-note")).toBe(false);
      await draw(browser, one);
      await answers(browser, 1);
      await draw(browser, seven);
      await answers(browser, 7);
      expect(await page.locator("#probabilities li").count()).toBe(10);

      // The keyboard alone draws, too: from the top of the middle downwards.
      await page.click("#clear");
      await page.keyboard.press("Shift+Tab");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("drawing");
      await page.keyboard.press("Space");
      for (let step = 0; step < 17; step++) {
        await page.keyboard.press("ArrowDown");
      }
      await answers(browser, 1);
      await picture(browser, "webgpu");
    }),
  );

  // WASM brings files of its own, the kernels and the worker, which each way of serving has to find.
  it.each(["packages", "files"] as const)("trains on WASM, on threads, served as %s", { timeout: 400_000 }, (serving) =>
    withPage({ serving }, async (browser) => {
      expect(await browser.page.evaluate(() => crossOriginIsolated)).toBe(true);
      expect(await train(browser, "wasm", 4)).toMatch(/^Done in .* s on WASM \(.* threads\): \d+\.\d% of new digits/);
      expect(await curvesSeen(browser)).toBeGreaterThan(3);
      await draw(browser, one);
      await answers(browser, 1);
      await draw(browser, seven);
      await answers(browser, 7);
      await picture(browser, `wasm-${serving}`);
      await fitsPhone(browser);
    }),
  );

  it("trains on WASM on one thread where memory cannot be shared, and says why", { timeout: 400_000 }, () => {
    return withPage({ serving: "files", isolated: false }, async (browser) => {
      // Long enough for frames between the slices of work, also on a busy machine.
      expect(await train(browser, "wasm", 20)).toMatch(/^Done in .* s on WASM \(.*1 thread\)/);
      expect(await curvesSeen(browser)).toBeGreaterThan(1);
      expect(await browser.page.textContent("#backend-note")).toMatch(
        /one thread: the page is not cross-origin isolated/,
      );
    });
  });

  it("trains on WebGPU as built files", { timeout: 400_000 }, () =>
    withPage({ serving: "files" }, async (browser) => {
      expect(await train(browser, "webgpu", 1)).toMatch(/^Done in .* s on WebGPU/);
    }),
  );

  const withoutGpu = (): void => {
    Reflect.deleteProperty(Navigator.prototype, "gpu");
  };
  const withoutAdapter = (): void => {
    GPU.prototype.requestAdapter = async () => null;
  };
  it.each([
    ["navigator.gpu", withoutGpu, /this browser does not have it/],
    ["an adapter", withoutAdapter, /this browser finds no graphics processor/],
  ])("says that it is without %s and trains on WASM", { timeout: 400_000 }, (_, before, reason) =>
    withPage({ serving: "files", before }, async (browser) => {
      const { page } = browser;
      await page.waitForSelector("#backend-note:not([hidden])");
      expect(await page.textContent("#backend-note")).toMatch(reason);
      expect(await page.inputValue("select[name=backend]")).toBe("best");
      expect(await page.isDisabled("option[value=webgpu]")).toBe(true);
      expect(await train(browser, "as offered", 1)).toMatch(/^Done in .* s on WASM/);
      await picture(browser, "no-webgpu");
    }),
  );
});

declare global {
  interface Window {
    curvesSeen?: Set<string>;
  }
}
