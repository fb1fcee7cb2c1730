import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startChromium } from "../../backend-wasm/src/testing/chromium.js";

const packages = fileURLToPath(new URL("../../", import.meta.url));
/** What a bundler would do: the browser's side of each choice. */
const imports = {
  "#image-files": "/images/dist/imageFilesWeb.js",
  "#terminal": "/core/dist/callbacks/terminalPlain.js",
  "#dataset-store": "/core/dist/datasets/storeWeb.js",
  "#model-files": "/core/dist/saving/modelFilesWeb.js",
  "#event-files": "/core/dist/callbacks/tensorBoard/eventFilesWeb.js",
  "@convoy/core": "/core/dist/index.js",
  "@convoy/core/datasets": "/core/dist/datasets/index.js",
  "@convoy/images": "/images/dist/index.js",
};
const page =
  `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script><script type="module">` +
  'globalThis.images = await import("@convoy/images");</script>';

const browser = await startChromium();
const reason = typeof browser === "string" ? ` (skipped: ${browser})` : "";

it.skipIf(reason !== "")(`reads the files that a page's user has chosen${reason}`, async () => {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname;
    const body = path === "/" ? page : await readFile(join(packages, normalize(path))).catch(() => undefined);
    response.writeHead(body === undefined ? 404 : 200, {
      "content-type": path.endsWith(".js") ? "text/javascript" : "text/html",
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const opened = await (browser as Exclude<typeof browser, string>).newPage();
  try {
    await opened.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await opened.waitForFunction("globalThis.images !== undefined");
    const found = await opened.evaluate(`(async () => {
      const files = [];
      for (const [name, colour] of [["dark", "rgb(10, 20, 30)"], ["light", "rgb(200, 210, 220)"]]) {
        for (const type of ["png", "jpeg", "webp"]) {
          const canvas = new OffscreenCanvas(16, 12);
          const context = canvas.getContext("2d");
          context.fillStyle = colour;
          context.fillRect(0, 0, 16, 12);
          const file = new File([await canvas.convertToBlob({ type: "image/" + type, quality: 1 })], "a." + type);
          Object.defineProperty(file, "webkitRelativePath", { value: "chosen/" + name + "/a." + type });
          files.push(file);
        }
      }
      const options = { imageSize: [4, 4], shuffle: false };
      const data = await images.imageDatasetFromDirectory(files, options);
      const [batch] = await Array.fromAsync(data.iterate());
      Object.defineProperty(files[0] = new File(["no image"], "a.png"), "webkitRelativePath", { value: "chosen/dark/a.png" });
      const broken = await images.imageDatasetFromDirectory(files, options);
      const error = await Array.fromAsync(broken.iterate()).catch((reason) => reason.message);
      const folder = await images.imageDatasetFromDirectory("photos").catch((reason) => reason.message);
      return {
        classNames: data.classNames,
        shape: batch[0].shape,
        labels: [...batch[1].data],
        firstPixels: Array.from({ length: 6 }, (_, image) => [...batch[0].data.subarray(image * 48, image * 48 + 3)]),
        error,
        folder,
      };
    })()`);
    const { firstPixels, ...rest } = found as { firstPixels: number[][] };
    expect(rest).toEqual({
      classNames: ["dark", "light"],
      shape: [6, 4, 4, 3],
      labels: [0, 0, 0, 1, 1, 1],
      error: expect.stringContaining("chosen/dark/a.png: begins with 6e 6f 20 69, expected the first bytes of a PNG"),
      folder: expect.stringContaining("there are no folders such as"),
    });
    firstPixels.forEach((pixel, image) => {
      const expected = image < 3 ? [10, 20, 30] : [200, 210, 220];
      pixel.forEach((value, channel) => {
        expect(Math.abs(value - expected[channel]!)).toBeLessThanOrEqual(image % 3 === 1 ? 3 : 0);
      });
    });
  } finally {
    await (browser as Exclude<typeof browser, string>).close();
    server.close();
  }
});
