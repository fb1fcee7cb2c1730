// A VGG-like network on CIFAR-10, with what it has learned as pictures: curves, confusion matrix, and images that it takes for
// something else. With CONVOY_DATA_DIR it takes the set, or the subset cifar-10-jpeg-subset, from there; else it downloads 170 MB.
// Run: npm run build && node examples/cifar10.mjs [--epochs 10] [--samples 10000] [--out cifar10-pictures]
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wasm } from "@convoy/backend-wasm";
import { layers, metrics, sequential } from "@convoy/core";
import { cifar10, dataset } from "@convoy/core/datasets";
import { imageGrid, plotConfusionMatrix, plotHistory } from "@convoy/core/pictures";

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "10" },
    samples: { type: "string", default: "10000" },
    out: { type: "string", default: "cifar10-pictures" },
  },
});
const [epochs, samples] = [Number(values.epochs), Number(values.samples)];

const { name, train, test, classNames } = await cifar10({ verbose: 0 });
console.log(`${name}: ${train.labels.shape[0]} training and ${test.labels.shape[0]} test images`);
const training = dataset([train.images, train.labels])
  .take(samples)
  .shuffle(samples, { seed: 1 })
  .batch(64)
  .prefetch(2);
const held = dataset([test.images, test.labels]).take(samples).batch(256);

/** Two convolutions of 3 x 3 with batch normalization, then a pooling of 2 x 2 (Simonyan and Zisserman, 2014, on a small scale). */
const block = (filters, options = {}) => [
  layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false, ...options }),
  layers.batchNormalization({ momentum: 0.9 }),
  layers.relu(),
  layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false }),
  layers.batchNormalization({ momentum: 0.9 }),
  layers.relu(),
  layers.maxPooling2d({ poolSize: 2 }),
  layers.dropout({ rate: 0.2 }),
];
const model = sequential([
  ...block(24, { inputShape: [32, 32, 3] }),
  ...block(48),
  ...block(96),
  layers.flatten(),
  layers.dense({ units: 128, activation: "relu" }),
  layers.dropout({ rate: 0.4 }),
  layers.dense({ units: classNames.length, activation: "softmax" }),
]);
const backend = await wasm();
model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
model.summary();
const history = await model.fit(training, { epochs, validationData: held, verbose: 2 });

const predictions = await model.predict(held);
const [count, classes] = predictions.shape;
const labels = test.labels.data.subarray(0, count);
const guesses = Array.from({ length: count }, (_, row) => {
  const scores = predictions.data.subarray(row * classes, (row + 1) * classes);
  return scores.indexOf(Math.max(...scores));
});
const mistakes = guesses.flatMap((guess, row) => (guess === labels[row] ? [] : [row])).slice(0, 40);
const size = 32 * 32 * 3;
const shown = {
  data: Uint8Array.from(mistakes.flatMap((row) => [...test.images.data.subarray(row * size, (row + 1) * size)])),
  shape: [mistakes.length, 32, 32, 3],
};
const matrix = metrics.confusionMatrix(labels, predictions, { classes });

await mkdir(values.out, { recursive: true });
await writeFile(join(values.out, "history.svg"), plotHistory(history, { title: name }));
await writeFile(join(values.out, "confusion.svg"), plotConfusionMatrix(matrix, { classNames, title: name }));
const grid = imageGrid(shown, { labels: mistakes.map((row) => guesses[row]), classNames, columns: 10 });
await writeFile(join(values.out, "mistakes.png"), await grid.toPng());
console.log(`accuracy on ${name}'s test images: ${history.history.val_accuracy.at(-1).toFixed(3)}`);
console.log(`history.svg, confusion.svg and mistakes.png (what the network took them for) are in ${values.out}`);
await backend.dispose();
