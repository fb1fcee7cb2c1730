import { describe, expect, it } from "vitest";
import type { Pixels } from "./pixels.js";
import { type ImageShape, shapeImage } from "./resize.js";

/** A grey image from rows of levels, opaque. */
function image(rows: readonly (readonly number[])[]): Pixels {
  return {
    width: rows[0]!.length,
    height: rows.length,
    channels: 4,
    data: Uint8Array.from(rows.flat().flatMap((v) => [v, v, v, 255])),
  };
}

function resized(
  rows: readonly (readonly number[])[],
  height: number,
  width: number,
  options: Partial<ImageShape> = {},
): number[] {
  const shape = { height, width, colorMode: "grayscale", interpolation: "bilinear", cropToAspectRatio: false } as const;
  return [...shapeImage(image(rows), { ...shape, ...options })];
}

describe("shapeImage", () => {
  it("has pixel centres at halves, as tf.image.resize", () => {
    // Worked out by hand: output x samples the input at (x + 0.5) * scale - 0.5.
    expect(resized([[0, 100]], 1, 4)).toEqual([0, 25, 75, 100]);
    expect(resized([[0, 10, 20, 30]], 1, 2)).toEqual([5, 25]);
    expect(resized([[0, 10, 20, 30, 40, 50]], 1, 2)).toEqual([10, 40]); // nothing is smoothed
    expect(resized([[0], [100]], 4, 1)).toEqual([0, 25, 75, 100]);
    expect(
      resized(
        [
          [0, 40],
          [80, 120],
        ],
        1,
        1,
      ),
    ).toEqual([60]);
    expect(resized([[0, 100]], 1, 4, { interpolation: "nearest" })).toEqual([0, 0, 100, 100]);
    expect(resized([[1, 2, 3, 4, 5]], 1, 2, { interpolation: "nearest" })).toEqual([2, 4]);
  });

  it("interpolates cubically", () => {
    // At 1.5 between 0, 0, 100, 100: (9 * 100 + 9 * 0 - 0 - 100) / 16 = 50; at 0.5 of a ramp: the ramp.
    expect(resized([[0, 0, 100, 100]], 1, 4, { interpolation: "bicubic" })).toEqual([0, 0, 100, 100]);
    expect(resized([[10, 20, 30, 40, 50, 60]], 1, 3, { interpolation: "bicubic" })[1]).toBe(35);
    // At -0.25 of 0 and 100: Keys' kernel (a = -0.5) gives 0.8671875 at 0.25 and -0.0703125 at 1.25.
    expect(resized([[255, 100]], 1, 4, { interpolation: "bicubic" })[0]).toBe(255);
    expect(resized([[100, 255]], 1, 4, { interpolation: "bicubic" })[0]).toBe(
      Math.round((100 * 0.8671875 - 255 * 0.0703125) / 0.796875),
    );
  });

  it("cuts the middle out for other proportions", () => {
    const rows = [
      [1, 2, 3, 4, 5, 6],
      [11, 12, 13, 14, 15, 16],
    ];
    expect(resized(rows, 2, 2, { cropToAspectRatio: true })).toEqual([3, 4, 13, 14]);
    expect(resized([[1], [2], [3], [4]], 2, 1, { cropToAspectRatio: true })).toEqual([2, 3]);
    expect(resized(rows, 2, 6, { cropToAspectRatio: true })).toEqual(rows.flat());
  });

  it("makes grey of colours as JPEG does, and keeps opacity for rgba alone", () => {
    const one = { width: 1, height: 1, channels: 4, data: Uint8Array.of(200, 100, 50, 128) } as const;
    const shape = { height: 1, width: 1, interpolation: "nearest", cropToAspectRatio: false } as const;
    expect([...shapeImage(one, { ...shape, colorMode: "grayscale" })]).toEqual([
      Math.round(0.299 * 200 + 0.587 * 100 + 0.114 * 50),
    ]);
    expect([...shapeImage(one, { ...shape, colorMode: "rgb" })]).toEqual([200, 100, 50]);
    expect([...shapeImage(one, { ...shape, colorMode: "rgba" })]).toEqual([200, 100, 50, 128]);
    const opaque = { ...one, channels: 3, data: one.data.subarray(0, 3) } as const;
    expect([...shapeImage(opaque, { ...shape, colorMode: "rgb" })]).toEqual([200, 100, 50]);
    expect([...shapeImage(opaque, { ...shape, colorMode: "rgba" })]).toEqual([200, 100, 50, 255]);
  });

  it.each(["nearest", "bilinear", "bicubic"] as const)(
    "adds up the neighbours of every pixel (%s)",
    (interpolation) => {
      // Each output pixel by itself, from the kernel's definition, in sizes that grow, shrink and stay.
      const source = Array.from({ length: 7 }, (_, y) =>
        Array.from({ length: 9 }, (_, x) => (37 * x + 91 * y * y) % 256),
      );
      const kernel = (d: number): number =>
        interpolation === "bilinear"
          ? Math.max(0, 1 - d)
          : d <= 1
            ? 1.5 * d ** 3 - 2.5 * d ** 2 + 1
            : d < 2
              ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2
              : 0;
      const weights = (index: number, size: number, length: number): number[] => {
        const at = ((index + 0.5) * length) / size;
        const near = Array.from({ length }, (_, position) =>
          interpolation === "nearest" ? Number(position === Math.floor(at)) : kernel(Math.abs(at - 0.5 - position)),
        );
        const total = near.reduce((sum, weight) => sum + weight, 0);
        return near.map((weight) => weight / total);
      };
      for (const [height, width] of [
        [7, 9],
        [3, 4],
        [15, 20],
        [1, 31],
      ] as const) {
        const expected = Array.from({ length: height * width }, (_, index) => {
          const down = weights(Math.floor(index / width), height, 7);
          const across = weights(index % width, width, 9);
          const value = down.reduce((sum, v, y) => sum + v * across.reduce((s, w, x) => s + w * source[y]![x]!, 0), 0);
          return Math.max(0, Math.min(255, value));
        });
        resized(source, height, width, { interpolation }).forEach((value, index) => {
          expect(Math.abs(value - expected[index]!)).toBeLessThan(0.5 + 1e-9);
        });
      }
    },
  );
});
