import { sizeOf } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";
import { windowsOf } from "./windows.js";

/**
 * y[n,oh,ow,c] = the largest number of the window, argmax its position ph * PW + pw, the first of equals
 *
 * input [N,H,W,C] -> output [N,OH,OW,C], argmax [N,OH,OW,C] int32. The search starts from the first position inside the
 * input, not from a constant, so any number can win and padding cannot.
 */
export const maxPool2d: KernelOf<"maxPool2d"> = ({ inputs: [input], outputs: [output, argmax], attributes }) => {
  const [, height, width, channels] = input!.shape as [number, number, number, number];
  const [batch, outputHeight, outputWidth] = output!.shape as [number, number, number];
  const poolWidth = attributes.poolSize[1];
  const { rows, columns } = windowsOf(input!.shape, attributes.poolSize, output!.shape, attributes);
  const [x, y, positions] = [input!.data, output!.data, argmax!.data];
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outputHeight; oh++) {
      for (let ow = 0; ow < outputWidth; ow++) {
        const firstPosition = rows.first[oh]! * poolWidth + columns.first[ow]!;
        for (let ph = rows.first[oh]!; ph < rows.end[oh]!; ph++) {
          const row = n * height + rows.start[oh]! + ph * rows.dilation;
          for (let pw = columns.first[ow]!; pw < columns.end[ow]!; pw++) {
            const from = (row * width + columns.start[ow]! + pw * columns.dilation) * channels;
            const position = ph * poolWidth + pw;
            for (let c = 0; c < channels; c++) {
              const candidate = x[from + c]!;
              if (position === firstPosition || candidate > y[to + c]!) {
                y[to + c] = candidate;
                positions[to + c] = position;
              }
            }
          }
        }
        to += channels;
      }
    }
  }
};

/**
 * dx[position that won] += dy
 *
 * outputGradient [N,OH,OW,C], argmax [N,OH,OW,C] int32 -> [N,H,W,C]; windows may overlap, so gradients are added up.
 */
export const maxPool2dBackward: KernelOf<"maxPool2dBackward"> = (call) => {
  const [outputGradient, argmax] = call.inputs;
  const inputGradient = call.outputs[0]!;
  const { poolSize } = call.attributes;
  const [batch, outputHeight, outputWidth, channels] = outputGradient!.shape as [number, number, number, number];
  const width = inputGradient.shape[2]!;
  const { rows, columns } = windowsOf(inputGradient.shape, poolSize, outputGradient!.shape, call.attributes);
  const [dy, positions] = [outputGradient!.data, argmax!.data];
  const imageSize = sizeOf(inputGradient.shape.slice(1));
  const image = new Float64Array(imageSize);
  let from = 0;
  for (let n = 0; n < batch; n++) {
    image.fill(0);
    for (let oh = 0; oh < outputHeight; oh++) {
      for (let ow = 0; ow < outputWidth; ow++) {
        for (let c = 0; c < channels; c++) {
          const position = positions[from]!;
          const pw = position % poolSize[1];
          const ph = (position - pw) / poolSize[1];
          const row = rows.start[oh]! + ph * rows.dilation;
          const column = columns.start[ow]! + pw * columns.dilation;
          const to = (row * width + column) * channels + c;
          image[to] = image[to]! + dy[from++]!;
        }
      }
    }
    inputGradient.data.set(image, n * imageSize);
  }
};
