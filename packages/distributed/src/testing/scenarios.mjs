// What every process of a test's job runs: models trained in all ways.
// Arguments: names of scenarios, all by default.
import { createHash } from "node:crypto";
import { wasm } from "@convoy/backend-wasm";
import { layers, optimizers, regularizers, sequential } from "@convoy/core";
import { dataset } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { distribute } from "@convoy/distributed";
import { report } from "./reports.mjs";

const rows = 45;
let state = 1;
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};
const x = { data: Float32Array.from({ length: rows * 36 }, random), shape: [rows, 6, 6, 1] };
const y = Int32Array.from({ length: rows }, () => Math.floor(random() * 3));

const convolution = () => [
  layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu", inputShape: [6, 6, 1] }),
  layers.maxPooling2d(),
  layers.flatten(),
];
const head = () => layers.dense({ units: 3, activation: "softmax" });
const plain = () => sequential([...convolution(), head()], { seed: 5 });
const normalized = () =>
  sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, useBias: false, inputShape: [6, 6, 1] }),
      layers.batchNormalization(),
      layers.activation({ activation: "relu" }),
      layers.flatten(),
      head(),
    ],
    { seed: 5 },
  );
const dropping = () =>
  sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 2, activation: "relu", inputShape: [6, 6, 1] }),
      layers.spatialDropout2d({ rate: 0.3 }),
      layers.gaussianNoise({ stddev: 0.1 }),
      // 75 numbers a sample: a part of a batch may begin with the second word of a pair.
      layers.conv2d({ filters: 3, kernelSize: 2, padding: "same" }),
      layers.dropout({ rate: 0.5 }),
      layers.flatten(),
      layers.gaussianDropout({ rate: 0.2 }),
      head(),
    ],
    { seed: 5 },
  );
const augmented = () =>
  sequential(
    [
      layers.randomFlip({ inputShape: [6, 6, 1] }),
      layers.randomTranslation({ heightFactor: 0.2, widthFactor: 0.2 }),
      layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu" }),
      layers.flatten(),
      head(),
    ],
    { seed: 5 },
  );
/** Gradients of two messages, the first of which goes on its way while the second is computed. */
const wide = () =>
  sequential(
    [
      layers.flatten({ inputShape: [6, 6, 1] }),
      layers.dense({ units: 1024, activation: "relu" }),
      layers.dense({ units: 1536, activation: "relu" }),
      head(),
    ],
    { seed: 5 },
  );
const penalized = () =>
  sequential(
    [
      ...convolution(),
      layers.dense({ units: 3, activation: "softmax", kernelRegularizer: regularizers.l2({ l2: 0.1 }) }),
    ],
    { seed: 5 },
  );

const fitOptions = { epochs: 2, batchSize: 16, verbose: 0, validationSplit: 0.2 };

/** @type {Record<string, { build: () => any, options?: object, compile?: object, fit?: object, reference?: boolean, data?: boolean, labels?: object }>} */
const scenarios = {
  plain: { build: plain },
  overlapped: { build: wide, fit: { epochs: 1, batchSize: 18 } },
  overHost: { build: plain, reference: true },
  deterministic: { build: plain, options: { deterministic: true } },
  unevenBatches: { build: plain, fit: { batchSize: 17 } },
  fewerSamplesThanRanks: { build: plain, fit: { batchSize: 3, epochs: 1 } },
  regularized: { build: penalized },
  clipped: { build: plain, compile: { optimizer: optimizers.adam({ learningRate: 0.01, globalClipNorm: 0.1 }) } },
  accumulated: {
    build: plain,
    compile: { optimizer: optimizers.sgd({ learningRate: 0.1, gradientAccumulationSteps: 2 }) },
  },
  averaged: { build: plain, compile: { optimizer: optimizers.adam({ useEma: true }) } },
  wholeBatchStatistics: { build: normalized, options: { syncBatchNorm: true } },
  ownStatistics: { build: normalized },
  dropout: { build: dropping },
  dropoutOfUnevenParts: { build: dropping, fit: { batchSize: 17 } },
  dropoutOverHost: { build: dropping, reference: true },
  augmented: { build: augmented, reference: true },
  streamed: { build: plain, data: true },
};

const [loops, simd] = [await reference(), await wasm({ threads: 1 })];
const found = {};
const names = process.argv.slice(2);
for (const [name, { build, options, compile, fit, reference: onReference, data }] of Object.entries(scenarios)) {
  if (names.length > 0 && !names.includes(name)) {
    continue;
  }
  const backend = await distribute(onReference ? loops : simd, options);
  const trained = build();
  trained.compile({
    backend,
    optimizer: "adam",
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...compile,
  });
  const history = data
    ? await trained.fit(
        dataset([x, y])
          .map(([image, label]) => [image, label])
          .batch(16),
        { epochs: 2, verbose: 0 },
      )
    : await trained.fit(x, y, { ...fitOptions, ...fit });
  const hash = createHash("sha256");
  for (const { data: values } of await trained.getWeights()) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const streamed = dataset([x, y])
    .map(([image, label]) => [image, label])
    .batch(7);
  const predictions = await trained.predict(x, { batchSize: 8 });
  found[name] = {
    history: history.history,
    weights: hash.digest("hex"),
    evaluation: {
      ...(await trained.evaluate(x, y, { batchSize: 7, verbose: 0 })),
      streamed: (await trained.evaluate(streamed, { verbose: 0 })).loss,
    },
    predictions: [...predictions.data],
  };
  trained.dispose();
}
report((await distribute(loops)).rank, found);
