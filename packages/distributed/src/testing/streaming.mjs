// Trains, evaluates and predicts on a data set that streams, and counts what each process makes of it.
// Argument: { shorter: rank } for one whose data set has a batch less.
import { createHash } from "node:crypto";
import { wasm } from "@convoy/backend-wasm";
import { layers, sequential } from "@convoy/core";
import { dataset } from "@convoy/core/datasets";
import { distribute } from "@convoy/distributed";
import { report } from "./reports.mjs";

const { shorter } = JSON.parse(process.argv[2] ?? "{}");
const backend = await distribute(await wasm({ threads: 1 }));
const rows = 45 - (shorter === backend.rank ? 5 : 0);
let made = 0;
/** A sample that is made of a number, as an image is of a file's name. */
const sample = async (index, { random, position, epoch }) => {
  made++;
  const data = Float32Array.from(
    { length: 36 },
    (_, at) => ((index * 37 + at * 11) % 101) / 101 + random.uniform() / 10,
  );
  return [{ data, shape: [6, 6, 1] }, (index + position + epoch) % 3];
};
const indices = Array.from({ length: rows }, (_, index) => index);
const samples = () => dataset(indices).map(sample, { concurrency: 2, seed: 3 });
// What is shorter is not to be known before it ends.
const train = (shorter === undefined ? dataset(indices) : dataset(() => indices))
  .shuffle(20, { seed: 5 })
  .map(sample, { concurrency: 2, seed: 3 })
  .batch(8)
  .prefetch(1);
const model = sequential(
  [
    layers.randomFlip({ inputShape: [6, 6, 1] }),
    layers.conv2d({ filters: 3, kernelSize: 2, activation: "relu" }),
    layers.dropout({ rate: 0.3 }),
    layers.flatten(),
    layers.dense({ units: 3, activation: "softmax" }),
  ],
  { seed: 5 },
);
model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
const counts = {};
const count = (name) => {
  counts[name] = made;
  made = 0;
};
const { history } = await model.fit(train, { epochs: 2, verbose: 0 });
count("fit");
// Batches that are made whole: what map makes of them has to see all of a batch.
const whole = train.map(([x, y]) => [{ ...x, data: x.data.map((value) => value * 2) }, y]);
const more = await model.fit(whole, { epochs: 1, verbose: 0, validationData: samples().batch(6) });
count("fitWhole");
const evaluation = await model.evaluate(samples().batch(7), { verbose: 0 });
count("evaluate");
const predictions = await model.predict(samples().batch(7));
count("predict");
const hash = createHash("sha256");
for (const { data } of await model.getWeights()) {
  hash.update(data);
}
const weights = hash.digest("hex");
report(backend.rank, {
  counts,
  shared: {
    weights,
    history: { ...history, ...more.history },
    loss: history.loss,
    evaluation,
    predictions: [...predictions.data],
  },
});
model.dispose();
await backend.dispose();
