// A training that is backed up as it goes, and what may go wrong with it: { backup, kill: { rank, step }, unlike: { [what]: rank }, leave }.
import { createHash } from "node:crypto";
import { wasm } from "@convoy/backend-wasm";
import { callbacks, layers, sequential } from "@convoy/core";
import { distribute } from "@convoy/distributed";
import { report } from "./reports.mjs";

const { backup, checkpoint, kill, unlike, leave, epochs = 3 } = JSON.parse(process.argv[2] ?? "{}");
const backend = await distribute(await wasm({ threads: 1 }));
const isUnlike = (what) => unlike?.[what] === backend.rank;

const rows = 40;
const x = {
  data: Float32Array.from({ length: rows * 16 }, (_, index) => ((index * 37) % 101) / 101),
  shape: [rows, 4, 4, 1],
};
const y = Int32Array.from({ length: rows }, (_, index) => index % 3);
if (isUnlike("data set")) {
  x.data[5] = 0.5;
}
const model = sequential(
  [
    layers.conv2d({ filters: isUnlike("model") ? 5 : 4, kernelSize: 2, activation: "relu", inputShape: [4, 4, 1] }),
    layers.flatten(),
    layers.dense({ units: 3, activation: "softmax" }),
  ],
  { seed: 2 },
);
model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
if (leave === backend.rank) {
  process.exit(0);
}
if (leave === -1 - backend.rank) {
  throw new Error("what a script throws");
}
const killing = callbacks.lambdaCallback({
  onBatchEnd(_step, _, training) {
    if (kill?.rank === backend.rank && training.iteration >= kill.step) {
      process.kill(process.pid, "SIGKILL");
    }
  },
});
const { history } = await model.fit(x, y, {
  epochs,
  batchSize: isUnlike("batch size") ? 4 : 8,
  seed: isUnlike("seed") ? 9 : 1,
  verbose: checkpoint ? 2 : 0,
  ...(isUnlike("validation") ? { validationData: [x, y] } : {}),
  callbacks: [
    killing,
    ...(isUnlike("callbacks") ? [{ batchInterval: 2, onBatchEnd: () => undefined }] : []),
    ...(backup ? [callbacks.backupAndRestore(backup, { saveFreq: 2, deleteCheckpoint: false })] : []),
    ...(checkpoint ? [callbacks.modelCheckpoint(checkpoint), callbacks.csvLogger(`${checkpoint}.csv`)] : []),
  ],
});
const hash = createHash("sha256");
for (const { data } of await model.getWeights()) {
  hash.update(data);
}
report(backend.rank, { weights: hash.digest("hex"), loss: history.loss.at(-1) });
