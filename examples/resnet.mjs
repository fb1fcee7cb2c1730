// A residual network with 20 layers on colour images of 32 x 32 in 10 classes: functional model, batch normalisation, schedule.
// With CONVOY_DATA_DIR it trains on CIFAR-10's binary files, data_batch_1.bin and test_batch.bin (plain or .gz), in that folder or
// in its cifar-10-batches-bin or cifar-10-jpeg-subset, else on patterns that it draws.
// Run: npm run build && node examples/resnet.mjs [--epochs 5] [--samples 10000]
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { wasm } from "@convoy/backend-wasm";
import { applications, optimizers, schedules } from "@convoy/core";

const { values } = parseArgs({
  options: { epochs: { type: "string", default: "5" }, samples: { type: "string", default: "10000" } },
});
const [epochs, samples] = [Number(values.epochs), Number(values.samples)];
const batchSize = 32;
const size = 32;
const pixels = size * size;

/** The file of that name from CONVOY_DATA_DIR, unpacked; undefined where there is none. */
function dataFile(name) {
  const folders = ["", "cifar-10-batches-bin", "cifar-10-jpeg-subset"].map((folder) =>
    join(process.env.CONVOY_DATA_DIR ?? "", folder),
  );
  const [path] = folders.flatMap((folder) => [join(folder, name), join(folder, `${name}.gz`)]).filter(existsSync);
  if (path === undefined || !process.env.CONVOY_DATA_DIR) {
    return undefined;
  }
  console.log(`Reading ${path}`);
  return path.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path);
}

/** CIFAR-10's records: a byte with the class, then 1024 bytes each of red, green and blue. */
function cifar(records, wanted) {
  const recordBytes = 1 + 3 * pixels;
  const count = Math.min(wanted, Math.floor(records.length / recordBytes));
  return images(
    count,
    (image, pixel, channel) => records[image * recordBytes + 1 + channel * pixels + pixel],
    (image) => records[image * recordBytes],
  );
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
  return images(count, value, (image) => image % 10);
}

/** Images [count,32,32,3] as bytes, labels [count]. */
function images(count, value, label) {
  const data = new Uint8Array(count * pixels * 3);
  for (let index = 0; index < data.length; index++) {
    data[index] = value(Math.floor(index / (3 * pixels)), Math.floor(index / 3) % pixels, index % 3);
  }
  return {
    images: { data, shape: [count, size, size, 3], scale: 1 / 255 },
    labels: { data: Int32Array.from({ length: count }, (_, image) => label(image)), shape: [count] },
  };
}

const [trainFile, testFile] = ["data_batch_1.bin", "test_batch.bin"].map(dataFile);
const found = trainFile !== undefined && testFile !== undefined;
const train = found ? cifar(trainFile, samples) : patterns(samples, 1);
const test = found ? cifar(testFile, samples) : patterns(Math.ceil(samples / 5), 2);
console.log(found ? "Training on these images" : "No CIFAR-10 in CONVOY_DATA_DIR: training on patterns");

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
