// Dropout against overfitting, early stopping, a learning-rate schedule; on synthetic digits, so it needs no network.
// Run: npm run build && node examples/dropout.mjs
import { wasm } from "@convoy/backend-wasm";
import { callbacks, layers, optimizers, schedules, sequential } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";

const train = syntheticDigits({ samples: 2000, seed: 1 });
const test = syntheticDigits({ samples: 500, seed: 2 });

const model = sequential(
  [
    layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.dropout({ rate: 0.25 }),
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.dropout({ rate: 0.25 }),
    layers.flatten(),
    layers.dense({ units: 64, activation: "relu" }),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 10, activation: "softmax" }),
  ],
  { seed: 7 },
);

const backend = await wasm();
const learningRate = schedules.warmUp({
  steps: 20,
  followedBy: schedules.cosineDecay({ initialLearningRate: 0.003, decaySteps: 400 }),
});
model.compile({
  backend,
  optimizer: optimizers.adam({ learningRate }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
const { history } = await model.fit(train.images, train.labels, {
  epochs: 8,
  batchSize: 32,
  validationSplit: 0.2,
  callbacks: [callbacks.earlyStopping({ patience: 2, restoreBestWeights: true })],
});
console.log("validation accuracy by epoch:", history.val_accuracy?.map((value) => value.toFixed(3)).join(" "));
await model.evaluate(test.images, test.labels);

model.dispose();
await backend.dispose();
