import { lastAxis } from "../../ops/checks.js";
import type { KernelOf } from "./kernel.js";

/** y[r,c] = e^(x[r,c] - m) / sum over k of e^(x[r,k] - m), m = max of row r; input [...,C] -> [...,C] */
export const softmax: KernelOf<"softmax"> = ({ inputs: [input], outputs: [output] }) => {
  const [x, y] = [input!.data, output!.data];
  const classes = lastAxis(input!.shape);
  const exponentials = new Float64Array(classes);
  for (let row = 0; row < y.length; row += classes) {
    let largest = x[row]!;
    for (let c = 1; c < classes; c++) {
      largest = Math.max(largest, x[row + c]!);
    }
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      exponentials[c] = Math.exp(x[row + c]! - largest);
      sum += exponentials[c]!;
    }
    for (let c = 0; c < classes; c++) {
      y[row + c] = exponentials[c]! / sum;
    }
  }
};

/** dx[r,c] = y[r,c] * (dy[r,c] - sum over k of dy[r,k] y[r,k]); outputGradient [...,C], output [...,C] -> [...,C] */
export const softmaxBackward: KernelOf<"softmaxBackward"> = (call) => {
  const [outputGradient, output] = call.inputs;
  const inputGradient = call.outputs[0]!;
  const [dy, y, dx] = [outputGradient!.data, output!.data, inputGradient.data];
  const classes = lastAxis(output!.shape);
  for (let row = 0; row < dx.length; row += classes) {
    let dot = 0;
    for (let c = 0; c < classes; c++) {
      dot += dy[row + c]! * y[row + c]!;
    }
    for (let c = 0; c < classes; c++) {
      dx[row + c] = y[row + c]! * (dy[row + c]! - dot);
    }
  }
};
