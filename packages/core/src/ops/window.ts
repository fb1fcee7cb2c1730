import { ShapeError } from "../errors.js";
import type { Shape } from "./definition.js";

/** How a kernel or pooling window moves over the two spatial axes. All pairs are [height, width]. */
export interface WindowAttributes {
  readonly strides: readonly [number, number];
  /** Rows and columns of padding: [top, bottom, left, right]. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
}

/** Keras' padding names. */
export type PaddingName = "valid" | "same";

/**
 * Output sizes [OH, OW] of a window of `kernel` [KH, KW] over `input` [H, W]:
 * `floor((size + padding - ((kernel - 1) * dilation + 1)) / stride) + 1`. Throws `ShapeError` when the window does not fit.
 */
export function windowOutputSize(
  op: string,
  input: readonly [number, number],
  kernel: readonly [number, number],
  { strides, padding, dilation }: WindowAttributes,
): [number, number] {
  const outputSize = (axis: 0 | 1): number => {
    const padded = input[axis] + padding[axis * 2]! + padding[axis * 2 + 1]!;
    const extent = (kernel[axis] - 1) * dilation[axis] + 1;
    if (extent > padded) {
      throw new ShapeError(
        `${op}: a window of ${extent} ${axis === 0 ? "rows" : "columns"} does not fit an input of ${padded} ` +
          `(padding included). Use a smaller window, padding: "same", or a larger input`,
      );
    }
    return Math.floor((padded - extent) / strides[axis]) + 1;
  };
  return [outputSize(0), outputSize(1)];
}

/**
 * Padding [top, bottom, left, right] for a padding name. "same" gives `ceil(size / stride)` outputs; the odd row or column
 * goes to the bottom and right, as in TensorFlow ("Notes on padding", tf.nn documentation).
 */
export function resolvePadding(
  name: PaddingName,
  input: readonly [number, number],
  kernel: readonly [number, number],
  strides: readonly [number, number],
  dilation: readonly [number, number] = [1, 1],
): [number, number, number, number] {
  if (name === "valid") {
    return [0, 0, 0, 0];
  }
  const total = (axis: 0 | 1): number => {
    const outputs = Math.ceil(input[axis] / strides[axis]);
    return Math.max(0, (outputs - 1) * strides[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - input[axis]);
  };
  const [rows, columns] = [total(0), total(1)];
  const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return [top, rows - top, left, columns - left];
}

/** [H, W] of an NHWC shape. */
export function spatial(shape: Shape): [number, number] {
  return [shape[1] as number, shape[2] as number];
}
