// The network of a first CNN tutorial, on MNIST, with one-hot labels: build, look, train, evaluate, predict.
// Run: npm run build && node examples/tutorial.mjs
import { layers, sequential } from "@convoy/core";
import { mnist, toCategorical } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";

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

const backend = await reference();
model.compile({ backend, optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] });

// The reference backend is exact and slow: 40 steps an epoch are enough to see it learn.
await model.fit(train.images, toCategorical(train.labels), {
  epochs: 2,
  batchSize: 64,
  validationSplit: 0.01,
  stepsPerEpoch: 40,
});
const some = { data: test.images.data.subarray(0, 1000 * 784), shape: [1000, 28, 28, 1], scale: test.images.scale };
const labels = test.labels.data.subarray(0, 1000);
const { accuracy } = await model.evaluate(some, toCategorical(labels));
console.log(`Test accuracy on 1,000 images: ${accuracy}`);

const probabilities = await model.predict({ ...some, data: some.data.subarray(0, 784), shape: [1, 28, 28, 1] });
console.log(
  `The first test image is a ${labels[0]}; the model says ${probabilities.data.indexOf(Math.max(...probabilities.data))}`,
);

model.dispose();
await backend.dispose();
