import type { KernelOf } from "./kernel.js";

/** y[r,c] = x[r,c] + b[c]; input [...,C], bias [C] -> [...,C] */
export const biasAdd: KernelOf<"biasAdd"> = ({ inputs: [input, bias], outputs: [output] }) => {
  const [x, b, y] = [input!.data, bias!.data, output!.data];
  const channels = b.length;
  for (let row = 0; row < y.length; row += channels) {
    for (let c = 0; c < channels; c++) {
      y[row + c] = x[row + c]! + b[c]!;
    }
  }
};

/** db[c] = sum over rows of dy[r,c]; outputGradient [...,C] -> [C] */
export const biasAddBackward: KernelOf<"biasAddBackward"> = ({ inputs: [outputGradient], outputs: [biasGradient] }) => {
  const dy = outputGradient!.data;
  const channels = biasGradient!.data.length;
  const sum = new Float64Array(channels);
  for (let row = 0; row < dy.length; row += channels) {
    for (let c = 0; c < channels; c++) {
      sum[c] = sum[c]! + dy[row + c]!;
    }
  }
  biasGradient!.data.set(sum);
};
