// Runs in the browser, which gets this file as it stands: so no types. The training of smallModel.ts over the same digits.
import { wasm } from "@convoy/backend-wasm";
import { layers, loadModel, sequential, stores } from "@convoy/core";
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

/** Trains for two epochs and saves; what later epochs bring, and what is in the file. */
const save = async () => {
  const backend = await wasm({ threads: 1 });
  const model = sequential([
    layers.flatten({ inputShape: [14, 14, 1] }),
    layers.dense({ units: 10, activation: "softmax" }),
  ]);
  model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  await model.fit(digits.images, digits.labels, { epochs: 2, batchSize: 32, verbose: 0 });
  await model.save(stores.indexedDb("digits"));
  const state = await model.getTrainingState();
  const { history } = await model.fit(digits.images, digits.labels, { epochs: 4, resumeFrom: state, verbose: 0 });
  await backend.dispose();
  return history.loss;
};

/** The epochs that come after those of the saved model. */
const goOn = async () => {
  const backend = await wasm({ threads: 1 });
  const model = await loadModel(stores.indexedDb("digits"), { backend });
  const state = await model.getTrainingState();
  const { history } = await model.fit(digits.images, digits.labels, { epochs: 4, resumeFrom: state, verbose: 0 });
  await model.save(stores.download("digits.safetensors"));
  await backend.dispose();
  return history.loss;
};

Object.assign(globalThis, { train, save, goOn });
