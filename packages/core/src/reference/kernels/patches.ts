import type { Shape, TensorData } from "../../backend/index.js";
import type { WindowAttributes } from "../../ops/window.js";
import { type Windows, windowsOf } from "./windows.js";

/**
 * The part of an input [N,H,W,C] that one output position of a convolution sees, as a row of P = KH * KW * C numbers in
 * the kernel's order; padding is 0. With it a convolution is a matrix product of patches [N*OH*OW, P] and kernel [P, F].
 */
export class Patches {
  /** P, the length of a patch. */
  readonly length: number;
  readonly #windows: Windows;
  readonly #height: number;
  readonly #width: number;
  readonly #channels: number;
  readonly #kernelHeight: number;
  readonly #kernelWidth: number;

  constructor(input: Shape, kernel: Shape, output: Shape, attributes: WindowAttributes) {
    const [, height, width, channels] = input as [number, number, number, number];
    const [kernelHeight, kernelWidth] = kernel as [number, number, number, number];
    this.length = kernelHeight * kernelWidth * channels;
    this.#windows = windowsOf(input, [kernelHeight, kernelWidth], output, attributes);
    this.#height = height;
    this.#width = width;
    this.#channels = channels;
    this.#kernelHeight = kernelHeight;
    this.#kernelWidth = kernelWidth;
  }

  /** Copies the patch of output position (n, oh, ow) out of the input to `patch`, from index `at` on. */
  gather(input: TensorData, n: number, oh: number, ow: number, patch: Float64Array, at: number): void {
    const { rows, columns } = this.#windows;
    const channels = this.#channels;
    const [firstRow, endRow] = [rows.first[oh]!, rows.end[oh]!];
    const [firstColumn, endColumn] = [columns.first[ow]!, columns.end[ow]!];
    if ((endRow - firstRow) * (endColumn - firstColumn) < this.#kernelHeight * this.#kernelWidth) {
      patch.fill(0, at, at + this.length);
    }
    for (let kh = firstRow; kh < endRow; kh++) {
      const row = n * this.#height + rows.start[oh]! + kh * rows.dilation;
      for (let kw = firstColumn; kw < endColumn; kw++) {
        const from = (row * this.#width + columns.start[ow]! + kw * columns.dilation) * channels;
        const to = at + (kh * this.#kernelWidth + kw) * channels;
        for (let c = 0; c < channels; c++) {
          patch[to + c] = input[from + c]!;
        }
      }
    }
  }

  /** Adds a patch to the places of one image [H,W,C] that it was read from; what lies in the padding is dropped. */
  scatterAdd(patch: Float64Array, oh: number, ow: number, image: Float64Array): void {
    const { rows, columns } = this.#windows;
    const channels = this.#channels;
    const endRow = rows.end[oh]!;
    const [firstColumn, endColumn] = [columns.first[ow]!, columns.end[ow]!];
    for (let kh = rows.first[oh]!; kh < endRow; kh++) {
      const row = rows.start[oh]! + kh * rows.dilation;
      for (let kw = firstColumn; kw < endColumn; kw++) {
        const to = (row * this.#width + columns.start[ow]! + kw * columns.dilation) * channels;
        const from = (kh * this.#kernelWidth + kw) * channels;
        for (let c = 0; c < channels; c++) {
          image[to + c] = image[to + c]! + patch[from + c]!;
        }
      }
    }
  }
}
