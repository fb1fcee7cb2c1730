// A VGG-like network on CIFAR-10, trained twice, without and with augmentation: flips and crops of shifted images, which make up for
// data that are not there: 10,000 JPEG images, 30 epochs, 13 minutes on two cores, 73.2% of the test images without and 78.6% with. What
// came of it as pictures: augmented images, curves, confusion matrix, and images that the network takes for something else.
// With CONVOY_DATA_DIR it takes the set, or the subset cifar-10-jpeg-subset, from there; else it downloads 170 MB.
// Run: npm run build && node examples/cifar10.mjs [--epochs 30] [--samples 10000] [--out cifar10-pictures]
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wasm } from "@convoy/backend-wasm";
import { augment, layers, metrics, optimizers, schedules, sequential } from "@convoy/core";
import { cifar10, dataset } from "@convoy/core/datasets";
import { imageGrid, plotConfusionMatrix, plotHistory } from "@convoy/core/pictures";

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "30" },
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
];
/**
 * Flips, and images shifted by up to an eighth with nothing beyond their edges: a crop of the image with a border around it. Shifts are by
 * whole pixels ("nearest"): bilinear ones would blur an image of 32 pixels, and the test images are sharp.
 */
const augmentation = () => [
  layers.randomFlip({ mode: "horizontal", inputShape: [32, 32, 3] }),
  layers.randomTranslation({ heightFactor: 0.125, widthFactor: 0.125, fillMode: "constant", interpolation: "nearest" }),
];

const backend = await wasm();
const decaySteps = Math.ceil(samples / 64) * epochs;

/** The network behind some layers, trained, and what its history says. */
async function trained(first) {
  const model = sequential(
    [
      ...first,
      ...block(32, first.length === 0 ? { inputShape: [32, 32, 3] } : {}),
      ...block(64),
      ...block(128),
      layers.globalAveragePooling2d(),
      layers.dense({ units: classNames.length, activation: "softmax" }),
    ],
    { seed: 1 },
  );
  const learningRate = schedules.cosineDecay({ initialLearningRate: 0.003, decaySteps });
  model.compile({
    backend,
    optimizer: optimizers.adam({ learningRate }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const history = await model.fit(training, { epochs, validationData: held, seed: 1, verbose: 2 });
  return { model, history };
}

console.log("as they are:");
const plain = await trained([]);
console.log("flipped and cropped:");
const { model, history } = await trained(augmentation());
model.summary();

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
await writeFile(join(values.out, "history.svg"), plotHistory(history, { title: `${name}, augmented` }));
await writeFile(join(values.out, "history-without.svg"), plotHistory(plain.history, { title: `${name}, as they are` }));
await writeFile(join(values.out, "confusion.svg"), plotConfusionMatrix(matrix, { classNames, title: name }));
const grid = imageGrid(shown, { labels: mistakes.map((row) => guesses[row]), classNames, columns: 10 });
await writeFile(join(values.out, "mistakes.png"), await grid.toPng());
// Eight images in a column each: as they are, then as they are trained on.
const eight = { ...train.images, data: train.images.data.subarray(0, 8 * size), shape: [8, 32, 32, 3] };
const columns = [...eight.data].map((value) => value / 255);
for (let iteration = 0; iteration < 8; iteration++) {
  columns.push(...(await augment(eight, augmentation(), { seed: 1, iteration })).data);
}
const sheet = imageGrid({ data: Float32Array.from(columns), shape: [72, 32, 32, 3] }, { columns: 8 });
await writeFile(join(values.out, "augmented.png"), await sheet.toPng());
const [without, augmented] = [plain.history, history].map((each) => each.history.val_accuracy.at(-1));
console.log(`accuracy on ${name}'s test images: ${without.toFixed(3)}, with augmentation ${augmented.toFixed(3)}`);
console.log(
  `augmented.png, history.svg, confusion.svg and mistakes.png (what the network took them for) are in ${values.out}`,
);
await backend.dispose();
