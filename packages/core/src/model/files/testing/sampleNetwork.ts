import * as layers from "../../../layers/index.js";
import type { Tensor } from "../../../tensor.js";
import { type Model, type Sequential, sequential } from "../../index.js";

/** Samples for `network`. */
export const images: Tensor<Float32Array> = {
  data: Float32Array.from({ length: 20 * 36 }, (_, i) => Math.sin(i)),
  shape: [20, 6, 6, 1],
};
/** Their classes. */
export const labels: Int32Array = Int32Array.from({ length: 20 }, (_, i) => i % 3);

/** A small network with weights that are trained, others that are not, and something random. */
export function network(seed = 1): Sequential {
  return sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 1] }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.25 }),
      layers.flatten(),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    { seed },
  );
}

/** What it is compiled with beside backend and optimizer. */
export const training = { loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;

/** The numbers of all weights. */
export async function weightsOf(of: Model<unknown>): Promise<number[][]> {
  return (await of.getWeights()).map(({ data }) => [...data]);
}
