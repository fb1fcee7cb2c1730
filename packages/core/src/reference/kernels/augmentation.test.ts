import { describe, expect, it, test } from "vitest";
import type { OpAttributes, Tensor } from "../../backend/index.js";
import { type AffineMatrix, warpFractionBits, writeTransform } from "../../ops/warp2d.js";
import { callReferenceOp } from "../run/callOp.js";

const tensor = (shape: readonly number[], ...values: number[]): Tensor => ({ shape, data: Float32Array.from(values) });
const ints = (shape: readonly number[], ...values: number[]): Tensor => ({ shape, data: Int32Array.from(values) });

type Setting = Partial<OpAttributes["warp2d"]>;

/** One image of one channel, resampled. */
function warp(rows: readonly (readonly number[])[], matrix: AffineMatrix, setting: Setting = {}): number[][] {
  const [height, width] = [rows.length, rows[0]!.length];
  const { size = [height, width] } = setting;
  const fractionBits = warpFractionBits([height, width, ...size]);
  const transform = new Int32Array(6);
  writeTransform(matrix, size, fractionBits, transform, 0);
  const image = tensor([1, height, width, 1], ...rows.flat());
  const attributes = { interpolation: "bilinear", fillMode: "constant", fillValue: -1, ...setting, size } as const;
  const [output] = callReferenceOp("warp2d", [image, { shape: [1, 6], data: transform }], {
    ...attributes,
    fractionBits,
  });
  return Array.from({ length: size[0] }, (_, row) => [...output!.data.subarray(row * size[1], (row + 1) * size[1])]);
}

describe("warp2d", () => {
  /** Pixel `x` of a row 1 2 3 4 and of what lies around it. */
  const at = (x: number, setting: Setting): number =>
    warp([[1, 2, 3, 4]], [1, 0, x, 0, 1, 0], { size: [1, 1], ...setting })[0]![0]!;
  const around = (setting: Setting): number[] => Array.from({ length: 14 }, (_, index) => at(index - 5, setting));

  it.each(["nearest", "bilinear"] as const)("fills as Keras' documentation has it, %s", (interpolation) => {
    expect(around({ fillMode: "reflect", interpolation })).toEqual([4, 4, 3, 2, 1, 1, 2, 3, 4, 4, 3, 2, 1, 1]);
    expect(around({ fillMode: "wrap", interpolation })).toEqual([4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1]);
    expect(around({ fillMode: "nearest", interpolation })).toEqual([1, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 4, 4]);
    expect(around({ fillMode: "constant", interpolation })).toEqual([
      -1, -1, -1, -1, -1, 1, 2, 3, 4, -1, -1, -1, -1, -1,
    ]);
  });

  it("mixes the four pixels around, what lies beyond the edge included", () => {
    expect(at(0.25, { fillMode: "reflect" })).toBe(1.25);
    expect(at(-0.25, { fillMode: "reflect" })).toBe(1);
    expect(at(3.25, { fillMode: "wrap" })).toBe(0.75 * 4 + 0.25);
    expect(at(-0.25, { fillMode: "constant" })).toBe(0.75 - 0.25);
    const half = [0.5, 0, 0.5, 0, 0.5, 0.25] as const;
    expect(
      warp(
        [
          [0, 8],
          [16, 40],
        ],
        half,
        { size: [1, 1] },
      ),
    ).toEqual([[0.75 * 4 + 0.25 * 28]]);
  });

  it("takes the nearer pixel, of two as near the later", () => {
    const nearest = (x: number) => at(x, { interpolation: "nearest" });
    expect([-0.51, -0.5, 0.49, 0.5, 3.49, 3.5].map(nearest)).toEqual([-1, 1, 1, 2, 4, -1]);
  });

  it("turns, flips and crops without a rounding", () => {
    const image = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(warp(image, [-1, 0, 2, 0, 1, 0])).toEqual([
      [3, 2, 1],
      [6, 5, 4],
    ]);
    // A quarter turn: x = y', y = 1 - x'.
    expect(warp(image, [0, 1, 0, -1, 0, 1], { size: [3, 2] })).toEqual([
      [4, 1],
      [5, 2],
      [6, 3],
    ]);
    expect(warp(image, [1, 0, 1, 0, 1, 1], { size: [1, 2] })).toEqual([[5, 6]]);
  });

  it("keeps transforms within what the numbers hold", () => {
    const transform = new Int32Array(6);
    const bits = warpFractionBits([28, 28]);
    expect(bits).toBe(22);
    writeTransform([1e6, -1e6, 5, 0, 1, 1e9], [28, 28], bits, transform, 0);
    for (const [y, x] of [0, 27].flatMap((row) => [0, 27].map((column) => [row, column] as const))) {
      expect(Math.abs(transform[0]! * x + transform[1]! * y + transform[2]!)).toBeLessThan(2 ** 30);
      expect(Math.abs(transform[3]! * x + transform[4]! * y + transform[5]!)).toBeLessThan(2 ** 30);
    }
    expect(() => warp([[1]], [1, 0, 0, 0, 1, 0], { size: [0, 1] })).toThrow("cannot become [0,1] pixels");
  });
});

test("scaleChannels: each sample and channel by its own factor and offset", () => {
  const images = tensor([2, 1, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
  const factors = tensor([2, 4], 1, -1, 0, 10, 2, 0, -1, 3);
  const [output] = callReferenceOp("scaleChannels", [images, factors], { low: 0, high: 9 });
  expect([...output!.data]).toEqual([1, 8, 3, 6, 9, 3, 9, 3]);
});

test("adjustContrast: around the mean of each channel, within bounds", () => {
  const images = tensor([2, 1, 2, 1], 2, 4, 1, 9);
  const [output] = callReferenceOp("adjustContrast", [images, tensor([2, 1, 1, 1], 3, 5), tensor([2], 0.5, 2)], {
    low: 0,
    high: 10,
  });
  expect([...output!.data]).toEqual([2.5, 3.5, 0, 10]);
});

describe("adjustHsv", () => {
  const adjust = (pixel: readonly number[], turn: number, saturation: number, high = 1): number[] => {
    const inputs = [tensor([1, 1, 1, 3], ...pixel), tensor([1, 2], turn, saturation)];
    return [...callReferenceOp("adjustHsv", inputs, { low: 0, high })[0]!.data].map((value) =>
      Number(value.toFixed(4)),
    );
  };

  it("turns hues: red to green to blue, and back", () => {
    expect(adjust([1, 0, 0], 1 / 3, 1)).toEqual([0, 1, 0]);
    expect(adjust([255, 0, 0], 2 / 3, 1, 255)).toEqual([0, 0, 255]);
    expect(adjust([1, 0, 0], -1 / 3, 1)).toEqual([0, 0, 1]);
    expect(adjust([0.2, 0.6, 0.9], 1, 1)).toEqual([0.2, 0.6, 0.9]);
    // Hue 30 degrees, then 210.
    expect(adjust([1, 0.5, 0], 0.5, 1)).toEqual([0, 0.5, 1]);
  });

  it("scales saturations: to grey of the same value, to full ones and no further", () => {
    expect(adjust([0.2, 0.6, 0.8], 0, 0)).toEqual([0.8, 0.8, 0.8]);
    expect(adjust([0.5, 1, 1], 0, 0.5)).toEqual([0.75, 1, 1]);
    expect(adjust([0.5, 1, 1], 0, 5)).toEqual([0, 1, 1]);
  });

  it("leaves black and grey as they are", () => {
    expect(adjust([0, 0, 0], 0.3, 2)).toEqual([0, 0, 0]);
    expect(adjust([0.5, 0.5, 0.5], 0.3, 2)).toEqual([0.5, 0.5, 0.5]);
  });
});

test("fillBoxes: from the top left corner to before the bottom right one", () => {
  const images = tensor([2, 2, 3, 1], 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  const boxes = ints([2, 4], 0, 1, 2, 2, 1, -4, 9, 2);
  const [output] = callReferenceOp("fillBoxes", [images, boxes], { values: [0] });
  expect([...output!.data]).toEqual([1, 0, 3, 4, 0, 6, 7, 8, 9, 0, 0, 12]);
  const fill = tensor([2, 2, 3, 1], ...Array.from({ length: 12 }, (_, index) => -index));
  const [pasted] = callReferenceOp("fillBoxes", [images, boxes, fill], { values: [] });
  expect([...pasted!.data]).toEqual([1, -1, 3, 4, -4, 6, 7, 8, 9, -9, -10, 12]);
});

test("mixRows: with partners, which must be rows of the batch", () => {
  const rows = tensor([3, 2], 0, 4, 8, 12, 16, 20);
  const mixed = (partners: Tensor, ...weights: Tensor[]) => [
    ...callReferenceOp("mixRows", [rows, partners, ...weights], {})[0]!.data,
  ];
  expect(mixed(ints([3], 1, 2, 2), tensor([3], 0.5, 0.25, 0.75))).toEqual([4, 8, 14, 18, 16, 20]);
  expect(mixed(ints([3], 2, 0, 1))).toEqual([16, 20, 0, 4, 8, 12]);
  expect(() => mixed(ints([3], 3, 0, 1))).toThrow("partner 3 of row 0 in a batch of 3");
});

test("filterAxis: 0 beyond the edges, another kernel for each sample", () => {
  const images = tensor([2, 2, 2, 1], 1, 2, 3, 4, 5, 6, 7, 8);
  const kernels = tensor([2, 3], 1, 10, 100, 0, 1, -1);
  const along = (axis: 1 | 2) => [...callReferenceOp("filterAxis", [images, kernels], { axis })[0]!.data];
  expect(along(1)).toEqual([310, 420, 31, 42, -2, -2, 7, 8]);
  expect(along(2)).toEqual([210, 21, 430, 43, -1, 6, -1, 8]);
});
