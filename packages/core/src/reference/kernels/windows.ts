import type { Shape } from "../../backend/index.js";
import type { WindowAttributes } from "../../ops/window.js";

/** Along one axis: where the window of each output starts, and which of its positions lie inside the input. */
export interface AxisWindows {
  /** First input index of the window of output o: o * stride - padding, so negative inside the padding. */
  readonly start: Int32Array;
  /** Window positions first[o] <= k < end[o] read input index start[o] + k * dilation; the others read padding. */
  readonly first: Int32Array;
  readonly end: Int32Array;
  readonly dilation: number;
}

/** The windows along both spatial axes. */
export interface Windows {
  readonly rows: AxisWindows;
  readonly columns: AxisWindows;
}

/** Windows of `size` [KH, KW] from an input [N,H,W,C] to an output [N,OH,OW,_]. */
export function windowsOf(
  input: Shape,
  size: readonly [number, number],
  output: Shape,
  { strides, padding, dilation }: WindowAttributes,
): Windows {
  const axis = (index: 0 | 1): AxisWindows =>
    axisWindows(
      input[index + 1]!,
      size[index],
      output[index + 1]!,
      strides[index],
      padding[index * 2]!,
      dilation[index],
    );
  return { rows: axis(0), columns: axis(1) };
}

function axisWindows(
  inputSize: number,
  windowSize: number,
  outputSize: number,
  stride: number,
  paddingBefore: number,
  dilation: number,
): AxisWindows {
  const start = Int32Array.from({ length: outputSize }, (_, output) => output * stride - paddingBefore);
  const first = start.map((index) => Math.min(windowSize, Math.max(0, Math.ceil(-index / dilation))));
  const end = start.map((index, output) =>
    Math.max(first[output]!, Math.min(windowSize, Math.ceil((inputSize - index) / dilation))),
  );
  return { start, first, end, dilation };
}
