import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { bundleSizes } from "./bundleSizes.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

it("bundles all of core and a backend for a page, small and as it is sent", async () => {
  const [reference, wasm] = [await bundleSizes(root, root, "reference"), await bundleSizes(root, root, "wasm")];
  const [minified, gzipped] = Object.values(reference) as [number, number];
  expect(Object.keys(reference)).toEqual([
    "size of a bundle of core and reference, minified",
    "size of a bundle of core and reference, minified and gzipped",
  ]);
  expect(gzipped).toBeGreaterThan(20_000);
  expect(gzipped).toBeLessThan(minified / 2);
  // The WASM module itself would be hundreds of kilobytes more.
  const added = (wasm["size of a bundle of core and wasm, minified"] as number) - minified;
  expect(added).toBeGreaterThan(20_000);
  expect(added).toBeLessThan(200_000);
  expect(await bundleSizes(root, root, "cuda")).toEqual({});
});
