// A training on CUDA, one card for each process; its library may be the emulator's.
// Argument: { wide: whether gradients are of two messages, early: whether sums run as early as can be, on the emulator }.
import { createHash } from "node:crypto";
import { cuda } from "@convoy/backend-cuda";
import { layers, sequential } from "@convoy/core";
import { distribute } from "@convoy/distributed";
import koffi from "koffi";
import { report } from "./reports.mjs";

const { wide = false, early = false } = JSON.parse(process.argv[2] ?? "{}");
if (early) {
  const set = koffi.load(process.env.CUDA_DRIVER_LIBRARY).func("int convoyEmulatorSet(const char *, int64_t)");
  set("forkedWorkEarly", 1);
}
// The emulated driver has one card for all.
const backend = await distribute(await cuda({ device: 0 }));
const rows = 21;
const x = {
  data: Float32Array.from({ length: rows * 36 }, (_, index) => ((index * 37) % 101) / 101),
  shape: [rows, 6, 6, 1],
};
const y = Int32Array.from({ length: rows }, (_, index) => index % 3);
const small = [
  layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu", inputShape: [6, 6, 1] }),
  layers.maxPooling2d(),
  layers.flatten(),
  layers.dense({ units: 3, activation: "softmax" }),
];
/** The gradient of the layer in the middle is 4 MiB: its sum goes on its way while that of the one before is computed. */
const large = [
  layers.flatten({ inputShape: [6, 6, 1] }),
  layers.dense({ units: 1024, activation: "relu" }),
  layers.dense({ units: 1024, activation: "relu" }),
  layers.dense({ units: 3, activation: "softmax" }),
];
const model = sequential(wide ? large : small, { seed: 2 });
model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
const { history } = await model.fit(x, y, { epochs: wide ? 1 : 3, batchSize: 8, seed: 1, verbose: 0 });
const hash = createHash("sha256");
for (const { data } of await model.getWeights()) {
  hash.update(data);
}
const { sums } = backend.device.details;
report(backend.rank, { sums, weights: hash.digest("hex"), loss: history.loss, accuracy: history.accuracy });
model.dispose();
await backend.dispose();
