// The network of a first CNN tutorial, on MNIST, with one-hot labels: build, look, train, evaluate, predict.
// Run: npm run build && node examples/tutorial.mjs
import { wasm } from "@convoy/backend-wasm";
import { layers, sequential } from "@convoy/core";
import { mnist, toCategorical } from "@convoy/core/datasets";

const { train, test } = await mnist();

const model = sequential();
model.add(layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }));
model.add(layers.maxPooling2d({ poolSize: 2 }));
model.add(layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }));
model.add(layers.maxPooling2d({ poolSize: 2 }));
model.add(layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }));
model.add(layers.flatten());
model.add(layers.dense({ units: 64, activation: "relu" }));
model.add(layers.dense({ units: 10, activation: "softmax" }));
model.summary();

const backend = await wasm();
model.compile({ backend, optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] });

await model.fit(train.images, toCategorical(train.labels), { epochs: 5, batchSize: 64, validationSplit: 0.2 });
const { accuracy } = await model.evaluate(test.images, toCategorical(test.labels));
console.log(`Test accuracy: ${accuracy}`);

const first = { data: test.images.data.subarray(0, 784), shape: [1, 28, 28, 1], scale: test.images.scale };
const probabilities = await model.predict(first);
console.log(
  `The first test image is a ${test.labels.data[0]}; the model says ${probabilities.data.indexOf(Math.max(...probabilities.data))}`,
);

model.dispose();
await backend.dispose();
