import { layers, type Sequential, sequential } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { type LabelledImages, syntheticDigits } from "@convoy/core/datasets";

/** Digits of 14 x 14 pixels; 200 of them leave a tail batch behind batches of 32. */
export const digits: LabelledImages = syntheticDigits({ samples: 200, seed: 5, size: 14 });

/** A network with one of everything that is usual, small enough for a test; always the same weights. */
export function smallModel(backend: Backend): Sequential {
  const model = sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 3, activation: "relu", inputShape: [14, 14, 1] }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "tanh" }),
      layers.flatten(),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 24, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed: 11 },
  );
  model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}
