import type { OpAttributes, TensorData } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

type FillMode = OpAttributes["warp2d"]["fillMode"];

/**
 * x = t0 ox + t1 oy + t2, y = t3 ox + t4 oy + t5 in units of 2^-F pixels; the pixel there, or the four around it weighted
 *
 * input [N,H,W,C], transforms [N,6] int32 -> [N,OH,OW,C]
 */
export const warp2d: KernelOf<"warp2d"> = ({ inputs: [input, transforms], outputs: [output], attributes }) => {
  const { interpolation, fillMode, fillValue, fractionBits } = attributes;
  const [batch, height, width, channels] = input!.shape as [number, number, number, number];
  const [, outputHeight, outputWidth] = output!.shape as [number, number, number];
  const [x, t, y] = [input!.data, transforms!.data, output!.data];
  const unit = 2 ** fractionBits;
  const pixels = { data: x, height, width, channels, fillMode, fillValue };
  let to = 0;
  for (let n = 0; n < batch; n++) {
    const [a, b, c, d, e, f] = t.subarray(6 * n, 6 * n + 6) as unknown as readonly number[];
    for (let row = 0; row < outputHeight; row++) {
      for (let column = 0; column < outputWidth; column++, to += channels) {
        const atX = (a! * column + b! * row + c!) | 0;
        const atY = (d! * column + e! * row + f!) | 0;
        if (interpolation === "nearest") {
          copyPixel(pixels, n, Math.floor(atY / unit + 0.5), Math.floor(atX / unit + 0.5), y, to);
        } else {
          const [left, top] = [Math.floor(atX / unit), Math.floor(atY / unit)];
          mixPixels(pixels, n, [top, left], [atY / unit - top, atX / unit - left], y, to);
        }
      }
    }
  }
};

interface Pixels {
  readonly data: TensorData;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly fillMode: FillMode;
  readonly fillValue: number;
}

function copyPixel(pixels: Pixels, n: number, row: number, column: number, y: TensorData, to: number): void {
  for (let c = 0; c < pixels.channels; c++) {
    y[to + c] = pixel(pixels, n, row, column, c);
  }
}

function mixPixels(
  pixels: Pixels,
  n: number,
  [top, left]: readonly [number, number],
  [fy, fx]: readonly [number, number],
  y: TensorData,
  to: number,
): void {
  for (let c = 0; c < pixels.channels; c++) {
    const upper = (1 - fx) * pixel(pixels, n, top, left, c) + fx * pixel(pixels, n, top, left + 1, c);
    const lower = (1 - fx) * pixel(pixels, n, top + 1, left, c) + fx * pixel(pixels, n, top + 1, left + 1, c);
    y[to + c] = (1 - fy) * upper + fy * lower;
  }
}

/** A number of the image, also beyond its edges. */
function pixel(
  { data, height, width, channels, fillMode, fillValue }: Pixels,
  n: number,
  row: number,
  column: number,
  c: number,
): number {
  const [h, w] = [within(row, height, fillMode), within(column, width, fillMode)];
  return h < 0 || w < 0 ? fillValue : data[((n * height + h) * width + w) * channels + c]!;
}

/** The index that is read in place of `index`; -1 for the fill value. */
function within(index: number, length: number, fillMode: FillMode): number {
  if (index >= 0 && index < length) {
    return index;
  }
  switch (fillMode) {
    case "constant":
      return -1;
    case "nearest":
      return index < 0 ? 0 : length - 1;
    case "wrap":
      return modulo(index, length);
    case "reflect": {
      const place = modulo(index, 2 * length);
      return place < length ? place : 2 * length - 1 - place;
    }
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
