// A residual network with 20 layers on colour images of 32 x 32 in 10 classes: functional model, batch normalisation, schedule.
// With CONVOY_DATA_DIR it trains on CIFAR-10 from that folder, or on the subset cifar-10-jpeg-subset, else on patterns that it
// draws.
// Run: npm run build && node examples/resnet.mjs [--epochs 5] [--samples 10000]
import { parseArgs } from "node:util";
import { wasm } from "@convoy/backend-wasm";
import { applications, optimizers, schedules } from "@convoy/core";
import { cifar10 } from "@convoy/core/datasets";

const { values } = parseArgs({
  options: { epochs: { type: "string", default: "5" }, samples: { type: "string", default: "10000" } },
});
const [epochs, samples] = [Number(values.epochs), Number(values.samples)];
const batchSize = 32;
const size = 32;

/** The first of the images and their labels. */
function first({ images, labels }, count) {
  const rows = Math.min(count, labels.data.length);
  const pixels = images.data.length / labels.data.length;
  return {
    images: { ...images, data: images.data.subarray(0, rows * pixels), shape: images.shape.with(0, rows) },
    labels: { data: labels.data.subarray(0, rows), shape: [rows] },
  };
}

/** Stripes in noise: the class says their direction and which two colours they mix. */
function patterns(count, seed) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const phases = Array.from({ length: count }, () => 2 * Math.PI * random());
  const value = (image, pixel, channel) => {
    const angle = (Math.PI * (image % 5)) / 5;
    const along = Math.cos(angle) * (pixel % size) + Math.sin(angle) * Math.floor(pixel / size);
    const sign = channel === (image % 10 < 5 ? 0 : 2) ? -1 : 1;
    return 127 + sign * 50 * Math.sin(along / 2 + phases[image]) + 120 * (random() - 0.5);
  };
  const data = new Uint8Array(count * size * size * 3);
  for (let index = 0; index < data.length; index++) {
    data[index] = value(Math.floor(index / (3 * size * size)), Math.floor(index / 3) % (size * size), index % 3);
  }
  return {
    images: { data, shape: [count, size, size, 3], scale: 1 / 255 },
    labels: { data: Int32Array.from({ length: count }, (_, image) => image % 10), shape: [count] },
  };
}

const set = process.env.CONVOY_DATA_DIR
  ? await cifar10({ verbose: 0 })
  : { name: "patterns", train: patterns(samples, 1), test: patterns(Math.ceil(samples / 5), 2) };
const [train, test] = [first(set.train, samples), first(set.test, samples)];
console.log(`Training on ${train.labels.data.length} images of ${set.name}`);

const model = applications.resnet20Cifar({ seed: 1 });
const steps = epochs * Math.ceil(train.labels.data.length / batchSize);
const learningRate = schedules.warmUp({
  steps: Math.ceil(steps / 20),
  followedBy: schedules.cosineDecay({ initialLearningRate: 0.003, decaySteps: steps }),
});
const backend = await wasm();
model.compile({
  backend,
  optimizer: optimizers.adam({ learningRate }),
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
const { history } = await model.fit(train.images, train.labels, { epochs, batchSize });
console.log("training loss by epoch:", history.loss.map((loss) => loss.toFixed(3)).join(" "));
const { accuracy } = await model.evaluate(test.images, test.labels);
console.log(`Test accuracy: ${accuracy}`);

model.dispose();
await backend.dispose();
