// A training on CUDA, one card for each process; its library may be the emulator's.
import { createHash } from "node:crypto";
import { cuda } from "@convoy/backend-cuda";
import { layers, sequential } from "@convoy/core";
import { distribute } from "@convoy/distributed";
import { report } from "./reports.mjs";

// The emulated driver has one card for all.
const backend = await distribute(await cuda({ device: 0 }));
const rows = 21;
const x = {
  data: Float32Array.from({ length: rows * 36 }, (_, index) => ((index * 37) % 101) / 101),
  shape: [rows, 6, 6, 1],
};
const y = Int32Array.from({ length: rows }, (_, index) => index % 3);
const model = sequential(
  [
    layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu", inputShape: [6, 6, 1] }),
    layers.maxPooling2d(),
    layers.flatten(),
    layers.dense({ units: 3, activation: "softmax" }),
  ],
  { seed: 2 },
);
model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
const { history } = await model.fit(x, y, { epochs: 3, batchSize: 8, seed: 1, verbose: 0 });
const hash = createHash("sha256");
for (const { data } of await model.getWeights()) {
  hash.update(data);
}
const { sums } = backend.device.details;
report(backend.rank, { sums, weights: hash.digest("hex"), loss: history.loss, accuracy: history.accuracy });
model.dispose();
await backend.dispose();
