// Runs in the browser, which gets this file as it stands: so no types. The training of smallModel.ts over the same digits.
import { wasm } from "@convoy/backend-wasm";
import { layers, sequential } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";

const digits = syntheticDigits({ samples: 200, seed: 5, size: 14 });

const train = async (options = { threads: 1, relaxedSimd: true }) => {
  const backend = await wasm(options);
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
  const { history } = await model.fit(digits.images, digits.labels, { epochs: 3, batchSize: 32, verbose: 0 });
  await backend.dispose();
  return { isolated: globalThis.crossOriginIsolated, details: backend.device.details, history };
};

Object.assign(globalThis, { train });
