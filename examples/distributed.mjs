// Several processes train one model on MNIST: each takes its part of every batch, and all end with the same weights.
// Run: npm run build && npx convoy-launch -n 2 examples/distributed.mjs (or mpirun -n 2 node examples/distributed.mjs; alone it works as well)
import { wasm } from "@convoy/backend-wasm";
import { callbacks, layers, sequential } from "@convoy/core";
import { mnist, syntheticDigits } from "@convoy/core/datasets";
import { distribute } from "@convoy/distributed";

// Threads are shared out among the processes of a machine.
const backend = await distribute(await wasm());
// Every process runs this script; what it prints itself, one of them prints.
const say = backend.rank === 0 ? console.log : () => undefined;
say(`${backend.size} process${backend.size === 1 ? "" : "es"}, the first on ${backend.device.name}`);

const { train, test } = await mnist().catch((error) => {
  say(`Synthetic digits instead of MNIST: ${error.message}`);
  return { train: syntheticDigits({ samples: 6000, seed: 1 }), test: syntheticDigits({ samples: 1000, seed: 2 }) };
});

const model = sequential(
  [
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 64, activation: "relu" }),
    layers.dense({ units: 10, activation: "softmax" }),
  ],
  { seed: 7 },
);
model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
await model.fit(train.images, train.labels, {
  epochs: 2,
  // Of all processes together.
  batchSize: 128,
  validationSplit: 0.1,
  // A job that is killed goes on from here when it is started again.
  callbacks: [callbacks.backupAndRestore("distributed.backup")],
});
const { accuracy } = await model.evaluate(test.images, test.labels, { verbose: 0 });
say(`accuracy on the test images: ${(100 * accuracy).toFixed(2)}%`);

model.dispose();
await backend.dispose();
