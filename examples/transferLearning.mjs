// Transfer learning: a network trained on ImageNet tells the ten classes of CIFAR-10 apart after a minute of training. MobileNetV2
// without its classifier is frozen, what it gives is computed once, and a small head learns on it; then the top of the network is
// trained with it, at a tenth of the rate. The same head on a network with random weights shows what the trained weights are worth.
// CONVOY_DATA_DIR names a folder with CIFAR-10's binary files (data_batch_1.bin and test_batch.bin, plain or .gz, in it or in its
// cifar-10-batches-bin or cifar-10-jpeg-subset) and, in pretrained/mobilenetv2-imagenet, the network as TensorFlow.js has it; without
// the latter the weights are downloaded.
// Run: npm run build && node examples/transferLearning.mjs [--samples 2000] [--size 96] [--epochs 15] [--fine-tuning 2]
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { wasm } from "@convoy/backend-wasm";
import { layers, optimizers, sequential } from "@convoy/core";
import { applications, extractFeatures } from "@convoy/formats";

const { values } = parseArgs({
  options: {
    samples: { type: "string", default: "2000" },
    size: { type: "string", default: "96" },
    epochs: { type: "string", default: "15" },
    "fine-tuning": { type: "string", default: "2" },
  },
});
const [samples, size, epochs, tuningEpochs] = ["samples", "size", "epochs", "fine-tuning"].map((name) =>
  Number(values[name]),
);
const folder = process.env.CONVOY_DATA_DIR ?? "";

/** CIFAR-10's records, a byte with the class, then 1024 bytes each of red, green and blue, as images and labels. */
function cifar(name, wanted) {
  const paths = ["", "cifar-10-batches-bin", "cifar-10-jpeg-subset"].flatMap((part) =>
    [name, `${name}.gz`].map((file) => join(folder, part, file)),
  );
  const path = paths.find(existsSync);
  if (!folder || path === undefined) {
    console.error(
      `There is no ${name} in CONVOY_DATA_DIR (${folder || "not set"}): https://www.cs.toronto.edu/~kriz/cifar.html`,
    );
    process.exit(1);
  }
  const records = path.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path);
  const count = Math.min(wanted, Math.floor(records.length / 3073));
  const data = new Uint8Array(count * 3072);
  for (let index = 0; index < data.length; index++) {
    const [image, pixel, channel] = [Math.floor(index / 3072), Math.floor((index % 3072) / 3), index % 3];
    data[index] = records[image * 3073 + 1 + channel * 1024 + pixel];
  }
  const labels = Int32Array.from({ length: count }, (_, image) => records[image * 3073]);
  return { images: { data, shape: [count, 32, 32, 3], scale: 1 / 255 }, labels };
}

/** Images of bytes between 0 and 1 enlarged and brought to -1 to 1, the base, and a head for ten classes. */
function withHead(base) {
  base.trainable = false;
  return sequential([
    layers.input({ shape: [32, 32, 3] }),
    layers.resizing({ height: size, width: size }),
    layers.rescaling({ scale: 2, offset: -1 }),
    base,
    layers.globalAveragePooling2d(),
    layers.dense({ units: 10, activation: "softmax" }),
  ]);
}

const backend = await wasm();
const settings = (learningRate) => ({
  backend,
  optimizer: optimizers.adam({ learningRate }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
const rate = 0.002;
const batchSize = 32;
const train = cifar("data_batch_1.bin", samples);
const test = cifar("test_batch.bin", Math.ceil(samples / 2));

/** Trains the head on what the frozen base gives, which is computed once; returns the share of right answers in the test. */
async function trainHead(model, title) {
  const start = performance.now();
  const { features, head } = await extractFeatures(model, train.images, { backend, batchSize });
  console.log(
    `${title}: features of ${train.labels.length} images in ${((performance.now() - start) / 1000).toFixed(1)} s`,
  );
  head.compile(settings(rate));
  const trainingStart = performance.now();
  await head.fit(features, train.labels, { epochs, batchSize, verbose: 0 });
  console.log(`${title}: ${epochs} epochs of the head in ${((performance.now() - trainingStart) / 1000).toFixed(1)} s`);
  model.compile(settings(rate));
  const { accuracy } = await model.evaluate(test.images, test.labels, { batchSize, verbose: 0 });
  console.log(`${title}: test accuracy ${(100 * accuracy).toFixed(1)} %`);
  head.dispose();
  return accuracy;
}

const options = { includeTop: false, inputShape: [size, size, 3] };
const random = withHead(applications.mobileNetV2({ ...options, seed: 1 }));
const randomAccuracy = await trainHead(random, "Random base");
random.dispose();

const local = join(folder, "pretrained", "mobilenetv2-imagenet");
const base = await applications.mobileNetV2({ ...options, weights: existsSync(local) ? local : "imagenet" });
const model = withHead(base);
const frozenAccuracy = await trainHead(model, "Trained base");

// The last blocks learn as well, slowly; normalizations stay frozen, so that their statistics do.
for (const layer of base.layers.slice(base.layers.findIndex(({ name }) => name?.startsWith("block_14_")))) {
  layer.trainable = layer.className !== "BatchNormalization";
}
model.compile(settings(rate / 10));
const start = performance.now();
await model.fit(train.images, train.labels, { epochs: tuningEpochs, batchSize });
const { accuracy } = await model.evaluate(test.images, test.labels, { batchSize, verbose: 0 });
console.log(`Fine-tuned for ${tuningEpochs} epochs in ${((performance.now() - start) / 1000).toFixed(1)} s`);
console.log(
  `Test accuracy: ${(100 * randomAccuracy).toFixed(1)} % on a random base, ${(100 * frozenAccuracy).toFixed(1)} % on the trained one, ` +
    `${(100 * accuracy).toFixed(1)} % fine-tuned`,
);

model.dispose();
await backend.dispose();
