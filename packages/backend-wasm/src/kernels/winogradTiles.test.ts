import { expect, it } from "vitest";
import { convolutionOf } from "./paddedBand.js";
import { cheapestTiling, directCost, listsCost } from "./winogradTiles.js";

const plain = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] } as const;

function convolution(N: number, size: number, C: number, F: number) {
  return convolutionOf([N, size, size, C], [3, 3, C, F], [N, size, size, F], plain);
}

it("cuts every output into just one tile", () => {
  for (let rows = 1; rows < 14; rows++) {
    for (const [N, columns] of [
      [1, 3],
      [40, 10],
    ] as const) {
      const { kinds } = cheapestTiling(N, rows, columns, 16, 16);
      const covered = Array.from({ length: rows * columns }, () => 0);
      for (const { vertical, horizontal } of kinds) {
        for (let row = 0; row < vertical.count * (vertical.size - 2); row++) {
          for (let column = 0; column < horizontal.count * (horizontal.size - 2); column++) {
            const [y, x] = [vertical.first + row, horizontal.first + column];
            if (y < rows && x < columns) {
              covered[y * columns + x]!++;
            }
          }
        }
      }
      expect(covered, `${N} of ${rows} x ${columns}`).toEqual(covered.map(() => 1));
    }
  }
});

it("takes tiles of two where rows are left over that a tile of four would waste, and samples enough to pay for them", () => {
  expect(cheapestTiling(64, 10, 10, 32, 64).kinds).toHaveLength(4);
  expect(cheapestTiling(64, 11, 12, 32, 64).kinds).toHaveLength(1);
  expect(cheapestTiling(1, 10, 10, 256, 256).kinds).toHaveLength(1);
});

it.each([
  // Measured with Node 24, one thread of Zen 4, µs of both gradients: lists, tiles.
  { N: 8, size: 16, C: 128, F: 128, density: 0.5, tiles: true }, // 21,000, 8,700
  { N: 32, size: 4, C: 64, F: 64, density: 1, tiles: true }, // 2,600, 660
  { N: 16, size: 32, C: 16, F: 16, density: 1, tiles: true }, // 2,900, 1,860
  { N: 1, size: 4, C: 256, F: 256, density: 0.5, tiles: false },
])(
  "chooses as measured: $N x $size x $size x $C to $F, $density of the gradient not 0",
  ({ N, size, C, F, density, tiles }) => {
    const shape = convolution(N, size, C, F);
    expect(cheapestTiling(N, size, size, C, F).cost < listsCost(shape, density)).toBe(tiles);
  },
);

it("leaves an image of few tiles and many channels to the direct form", () => {
  const cheapest = (N: number, size: number) => cheapestTiling(N, size, size, 256, 256).cost;
  expect(cheapest(1, 8)).toBeGreaterThan(directCost(convolution(1, 8, 256, 256), 64));
  expect(cheapest(8, 8)).toBeLessThan(directCost(convolution(8, 8, 256, 256), 64));
});
