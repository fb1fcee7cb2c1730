import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { tileSizes } from "./tiles.js";

it("knows the sizes of the tiles that the kernels are built for", () => {
  const source = readFileSync(new URL("../../../kernels/product/tiles.h", import.meta.url), "utf8");
  const built = [...source.matchAll(/using (\w+) = (?:Scalar|Tensor)Tile<(\d+), (\d+),/g)];
  // In fp32 and in tf32.
  expect(built).toHaveLength(2 * Object.keys(tileSizes).length);
  for (const [, name, rows, columns] of built) {
    expect(tileSizes[name as keyof typeof tileSizes]).toEqual([Number(rows), Number(columns)]);
  }
});
