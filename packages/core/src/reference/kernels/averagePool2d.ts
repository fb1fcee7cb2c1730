import { sizeOf } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";
import { windowsOf } from "./windows.js";

/**
 * y[n,oh,ow,c] = the sum of the window's numbers inside the input / how many those are
 *
 * input [N,H,W,C] -> [N,OH,OW,C]
 */
export const averagePool2d: KernelOf<"averagePool2d"> = ({ inputs: [input], outputs: [output], attributes }) => {
  const [, height, width, channels] = input!.shape as [number, number, number, number];
  const [batch, outputHeight, outputWidth] = output!.shape as [number, number, number];
  const { rows, columns } = windowsOf(input!.shape, attributes.poolSize, output!.shape, attributes);
  const [x, y] = [input!.data, output!.data];
  const sum = new Float64Array(channels);
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outputHeight; oh++) {
      for (let ow = 0; ow < outputWidth; ow++) {
        sum.fill(0);
        for (let ph = rows.first[oh]!; ph < rows.end[oh]!; ph++) {
          const row = n * height + rows.start[oh]! + ph * rows.dilation;
          for (let pw = columns.first[ow]!; pw < columns.end[ow]!; pw++) {
            const from = (row * width + columns.start[ow]! + pw * columns.dilation) * channels;
            for (let c = 0; c < channels; c++) {
              sum[c] = sum[c]! + x[from + c]!;
            }
          }
        }
        const count = (rows.end[oh]! - rows.first[oh]!) * (columns.end[ow]! - columns.first[ow]!);
        for (let c = 0; c < channels; c++) {
          y[to++] = sum[c]! / count;
        }
      }
    }
  }
};

/**
 * dx[n,h,w,c] = sum over the windows that hold (h,w) of dy[n,oh,ow,c] / positions of that window inside the input
 *
 * outputGradient [N,OH,OW,C] -> [N,H,W,C]
 */
export const averagePool2dBackward: KernelOf<"averagePool2dBackward"> = (call) => {
  const outputGradient = call.inputs[0]!;
  const inputGradient = call.outputs[0]!;
  const [batch, outputHeight, outputWidth, channels] = outputGradient.shape as [number, number, number, number];
  const width = inputGradient.shape[2]!;
  const { rows, columns } = windowsOf(
    inputGradient.shape,
    call.attributes.poolSize,
    outputGradient.shape,
    call.attributes,
  );
  const dy = outputGradient.data;
  const imageSize = sizeOf(inputGradient.shape.slice(1));
  const image = new Float64Array(imageSize);
  let from = 0;
  for (let n = 0; n < batch; n++) {
    image.fill(0);
    for (let oh = 0; oh < outputHeight; oh++) {
      for (let ow = 0; ow < outputWidth; ow++) {
        const count = (rows.end[oh]! - rows.first[oh]!) * (columns.end[ow]! - columns.first[ow]!);
        for (let ph = rows.first[oh]!; ph < rows.end[oh]!; ph++) {
          const row = rows.start[oh]! + ph * rows.dilation;
          for (let pw = columns.first[ow]!; pw < columns.end[ow]!; pw++) {
            const to = (row * width + columns.start[ow]! + pw * columns.dilation) * channels;
            for (let c = 0; c < channels; c++) {
              image[to + c] = image[to + c]! + dy[from + c]! / count;
            }
          }
        }
        from += channels;
      }
    }
    inputGradient.data.set(image, n * imageSize);
  }
};
