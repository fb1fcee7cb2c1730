import type { Shape } from "../../backend/index.js";
import type { WindowAttributes } from "../../ops/window.js";
import type { KernelOf } from "./kernel.js";
import { windowsOf } from "./windows.js";

/**
 * Calls `tap` for every input position that every output position reads, with the indices of channel 0 in the input [N,H,W,C],
 * the kernel [KH,KW,C,M] and the output [N,OH,OW,C*M].
 */
function eachTap(
  input: Shape,
  kernel: Shape,
  output: Shape,
  attributes: WindowAttributes,
  tap: (x: number, k: number, y: number) => void,
): void {
  const [, height, width, channels] = input as [number, number, number, number];
  const [kernelHeight, kernelWidth, , multiplier] = kernel as [number, number, number, number];
  const [batch, outputHeight, outputWidth, filters] = output as [number, number, number, number];
  const { rows, columns } = windowsOf(input, [kernelHeight, kernelWidth], output, attributes);
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outputHeight; oh++) {
      for (let ow = 0; ow < outputWidth; ow++) {
        const y = ((n * outputHeight + oh) * outputWidth + ow) * filters;
        for (let kh = rows.first[oh]!; kh < rows.end[oh]!; kh++) {
          const row = n * height + rows.start[oh]! + kh * rows.dilation;
          for (let kw = columns.first[ow]!; kw < columns.end[ow]!; kw++) {
            const column = columns.start[ow]! + kw * columns.dilation;
            tap((row * width + column) * channels, (kh * kernelWidth + kw) * channels * multiplier, y);
          }
        }
      }
    }
  }
}

/**
 * y[n,oh,ow,c*M+m] = sum over kh,kw of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * k[kh,kw,c,m]
 *
 * input [N,H,W,C], kernel [KH,KW,C,M] -> [N,OH,OW,C*M]; 2 * N*OH*OW*C*M * KH*KW FLOP
 */
export const depthwiseConv2d: KernelOf<"depthwiseConv2d"> = (call) => {
  const [input, kernel] = call.inputs;
  const output = call.outputs[0]!;
  const [x, k, sums] = [input!.data, kernel!.data, new Float64Array(output.data.length)];
  const [channels, multiplier] = [kernel!.shape[2]!, kernel!.shape[3]!];
  eachTap(input!.shape, kernel!.shape, output.shape, call.attributes, (ix, ik, iy) => {
    for (let c = 0; c < channels; c++) {
      for (let m = 0; m < multiplier; m++) {
        const at = c * multiplier + m;
        sums[iy + at] = sums[iy + at]! + x[ix + c]! * k[ik + at]!;
      }
    }
  });
  output.data.set(sums);
};

/**
 * dx[n,h,w,c] = sum over m and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,c*M+m] * k[kh,kw,c,m]
 *
 * outputGradient [N,OH,OW,C*M], kernel [KH,KW,C,M] -> [N,H,W,C]; 2 * N*OH*OW*C*M * KH*KW FLOP
 */
export const depthwiseConv2dBackwardInput: KernelOf<"depthwiseConv2dBackwardInput"> = (call) => {
  const [outputGradient, kernel] = call.inputs;
  const inputGradient = call.outputs[0]!;
  const [dy, k, sums] = [outputGradient!.data, kernel!.data, new Float64Array(inputGradient.data.length)];
  const [channels, multiplier] = [kernel!.shape[2]!, kernel!.shape[3]!];
  eachTap(inputGradient.shape, kernel!.shape, outputGradient!.shape, call.attributes, (ix, ik, iy) => {
    for (let c = 0; c < channels; c++) {
      for (let m = 0; m < multiplier; m++) {
        const at = c * multiplier + m;
        sums[ix + c] = sums[ix + c]! + dy[iy + at]! * k[ik + at]!;
      }
    }
  });
  inputGradient.data.set(sums);
};

/**
 * dk[kh,kw,c,m] = sum over n,oh,ow of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * dy[n,oh,ow,c*M+m]
 *
 * input [N,H,W,C], outputGradient [N,OH,OW,C*M] -> [KH,KW,C,M]; 2 * N*OH*OW*C*M * KH*KW FLOP
 */
export const depthwiseConv2dBackwardFilter: KernelOf<"depthwiseConv2dBackwardFilter"> = (call) => {
  const [input, outputGradient] = call.inputs;
  const kernelGradient = call.outputs[0]!;
  const [x, dy, sums] = [input!.data, outputGradient!.data, new Float64Array(kernelGradient.data.length)];
  const [channels, multiplier] = [kernelGradient.shape[2]!, kernelGradient.shape[3]!];
  eachTap(input!.shape, kernelGradient.shape, outputGradient!.shape, call.attributes, (ix, ik, iy) => {
    for (let c = 0; c < channels; c++) {
      for (let m = 0; m < multiplier; m++) {
        const at = c * multiplier + m;
        sums[ik + at] = sums[ik + at]! + x[ix + c]! * dy[iy + at]!;
      }
    }
  });
  kernelGradient.data.set(sums);
};
