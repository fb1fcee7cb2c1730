import { type OpAttributes, type Shape, sizeOf } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/** A pixel of the input that an output is made of, and its weight in it. */
interface Tap {
  readonly index: number;
  readonly weight: number;
}

type Interpolation = OpAttributes["resize2d"]["interpolation"];

/** y[n,oh,ow,c] = sum over taps of weight * x[n,h,w,c]; input [N,H,W,C] -> [N,OH,OW,C] */
export const resize2d: KernelOf<"resize2d"> = ({ inputs: [input], outputs: [output], attributes }) => {
  const channels = input!.shape[3]!;
  const [x, y] = [input!.data, output!.data];
  const sums = new Float64Array(channels);
  forEachPixel(input!.shape, output!.shape, attributes.interpolation, (to, taps) => {
    sums.fill(0);
    for (const { index, weight } of taps) {
      for (let c = 0; c < channels; c++) {
        sums[c] = sums[c]! + weight * x[index + c]!;
      }
    }
    y.set(sums, to);
  });
};

/** dx[n,h,w,c] = sum over the outputs of weight * dy[n,oh,ow,c]; outputGradient [N,OH,OW,C] -> [N,H,W,C] */
export const resize2dBackward: KernelOf<"resize2dBackward"> = (call) => {
  const [outputGradient, inputGradient] = [call.inputs[0]!, call.outputs[0]!];
  const channels = inputGradient.shape[3]!;
  const dy = outputGradient.data;
  const sums = new Float64Array(sizeOf(inputGradient.shape));
  forEachPixel(inputGradient.shape, outputGradient.shape, call.attributes.interpolation, (from, taps) => {
    for (const { index, weight } of taps) {
      for (let c = 0; c < channels; c++) {
        sums[index + c] = sums[index + c]! + weight * dy[from + c]!;
      }
    }
  });
  inputGradient.data.set(sums);
};

/** Calls `visit` for every pixel of the output, with the index of its first channel and its taps by theirs. */
function forEachPixel(
  [batch, height, width, channels]: Shape,
  [, outputHeight, outputWidth]: Shape,
  interpolation: Interpolation,
  visit: (at: number, taps: readonly Tap[]) => void,
): void {
  const rows = tapsOf(height!, outputHeight!, interpolation);
  const columns = tapsOf(width!, outputWidth!, interpolation);
  let at = 0;
  for (let n = 0; n < batch!; n++) {
    for (const rowTaps of rows) {
      for (const columnTaps of columns) {
        const taps = rowTaps.flatMap((row) =>
          columnTaps.map((column) => ({
            index: ((n * height! + row.index) * width! + column.index) * channels!,
            weight: row.weight * column.weight,
          })),
        );
        visit(at, taps);
        at += channels!;
      }
    }
  }
}

/** For each output along an axis the pixels that it is made of; in whole numbers, so that no rounding picks another pixel. */
function tapsOf(inputs: number, outputs: number, interpolation: Interpolation): Tap[][] {
  return Array.from({ length: outputs }, (_, output) => {
    if (interpolation === "nearest") {
      return [{ index: Math.floor(((2 * output + 1) * inputs) / (2 * outputs)), weight: 1 }];
    }
    // The position in units of 1 / (2 outputs).
    const unit = 2 * outputs;
    const position = Math.min(Math.max((2 * output + 1) * inputs - outputs, 0), (inputs - 1) * unit);
    const fraction = position % unit;
    const index = (position - fraction) / unit;
    const near = { index, weight: 1 - fraction / unit };
    return fraction === 0 ? [near] : [near, { index: index + 1, weight: fraction / unit }];
  });
}
