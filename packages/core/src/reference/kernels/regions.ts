import { DeviceError, sizeOf } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/** y = fill (or values[c]) inside the box of sample n, x elsewhere; input [N,H,W,C], boxes [N,4] int32, fill [N,H,W,C] -> [N,H,W,C] */
export const fillBoxes: KernelOf<"fillBoxes"> = ({
  inputs: [input, boxes, fill],
  outputs: [output],
  attributes: { values },
}) => {
  const [batch, height, width, channels] = input!.shape as [number, number, number, number];
  const [x, y] = [input!.data, output!.data];
  let i = 0;
  for (let n = 0; n < batch; n++) {
    const [top, left, bottom, right] = boxes!.data.subarray(4 * n, 4 * n + 4) as unknown as readonly number[];
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) {
        const inside = h >= top! && h < bottom! && w >= left! && w < right!;
        for (let c = 0; c < channels; c++, i++) {
          y[i] = inside ? (fill ? fill.data[i]! : values[c]!) : x[i]!;
        }
      }
    }
  }
};

/** y[n] = w[n] x[n] + (1 - w[n]) x[p[n]], without weights x[p[n]]; input [N,...], partners [N] int32, weights [N] -> [N,...] */
export const mixRows: KernelOf<"mixRows"> = ({ inputs: [input, partners, weights], outputs: [output] }) => {
  const batch = input!.shape[0]!;
  const rowSize = sizeOf(input!.shape) / batch;
  const [x, y] = [input!.data, output!.data];
  for (let n = 0; n < batch; n++) {
    const partner = partners!.data[n]!;
    if (partner < 0 || partner >= batch) {
      throw new DeviceError(`mixRows: partner ${partner} of row ${n} in a batch of ${batch}`);
    }
    const weight = weights ? weights.data[n]! : 0;
    for (let i = 0; i < rowSize; i++) {
      const other = x[partner * rowSize + i]!;
      y[n * rowSize + i] = weights ? weight * x[n * rowSize + i]! + (1 - weight) * other : other;
    }
  }
};

/**
 * y[n,h,w,c] = sum over k of kernels[n,k] x[n, h + k - (K - 1) / 2, w, c] along the height, along the width alike
 *
 * input [N,H,W,C], kernels [N,K] -> [N,H,W,C]
 */
export const filterAxis: KernelOf<"filterAxis"> = ({ inputs: [input, kernels], outputs: [output], attributes }) => {
  const { shape } = input!;
  const [x, y] = [input!.data, output!.data];
  const [length, taps] = [shape[attributes.axis]!, kernels!.shape[1]!];
  const stride = sizeOf(shape.slice(attributes.axis + 1));
  const sampleSize = y.length / shape[0]!;
  for (let i = 0; i < y.length; i++) {
    const n = Math.floor(i / sampleSize);
    const place = Math.floor(i / stride) % length;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const away = k - (taps - 1) / 2;
      if (place + away >= 0 && place + away < length) {
        sum += kernels!.data[n * taps + k]! * x[i + away * stride]!;
      }
    }
    y[i] = sum;
  }
};
